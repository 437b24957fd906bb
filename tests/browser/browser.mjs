// What the browser's tests share: Debian's chromium, a small coalition to visit, and TAP.
// Pages are looked at as people get them: real processes over https, and requests counted as they go over the wire.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const PHONE = { width: 360, height: 640 };
export const LAPTOP = { width: 1280, height: 800 };
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
	'--disable-sync', '--host-resolver-rules=MAP hub.local 127.0.0.1'];

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
export const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function startBrowser(more = {}) {
	return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, ...more });
}

// Test Anything Protocol: one line a promise. What was seen follows a promise that was not kept, and the run goes on.
export class Tap {
	count = 0;
	failed = 0;

	ok(promise, value = true, seen = '') {
		this.count++;
		console.log(`${value ? 'ok' : 'not ok'} ${this.count} - ${promise}`);
		if (!value) {
			this.failed++;
			console.log(`# seen: ${typeof seen === 'string' ? seen : JSON.stringify(seen, null, 1)}`.slice(0, 6000).replaceAll('\n', '\n# '));
		}
		return Boolean(value);
	}

	// A promise over many pages: kept when nothing was found to say against it.
	none(promise, findings) {
		return this.ok(promise, findings.length === 0, findings.slice(0, 60).join('\n'));
	}

	done() {
		console.log(`1..${this.count}`);
		process.exitCode = this.failed ? 1 : 0;
	}
}

// Headquarters, Gulu and a relay (coalition.py). An order is a line to it, its answer a line back.
export class Coalition {
	static async start() {
		const self = new Coalition();
		self.process = spawn('/usr/bin/python3', [file('coalition.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
		self.lines = createInterface({ input: self.process.stdout })[Symbol.asyncIterator]();
		Object.assign(self, await self.answer());
		return self;
	}

	async answer() {
		const line = await this.lines.next();
		if (line.done)
			throw new Error('the coalition has ended by itself');
		return JSON.parse(line.value);
	}

	order(text) {
		this.process.stdin.write(text + '\n');
		return this.answer();
	}

	async syncAll() {
		for (const hub of ['gulu', 'hq', 'gulu', 'hq'])
			await this.order(`sync ${hub}`);
	}

	async close() {
		const ended = new Promise((resolve) => this.process.once('exit', resolve));
		this.process.stdin.end();
		await ended;
	}
}

// Runs a test with a coalition and a browser, and takes both down whatever happens. `more`: how the browser is started.
export async function visit(test, more = {}) {
	const tap = new Tap();
	let coalition, browser;
	try {
		coalition = await Coalition.start();
		browser = await startBrowser(more);
		await test(tap, coalition, browser);
	} catch (error) {
		tap.ok('the test runs to its end', false, error.stack);
	} finally {
		await browser?.close();
		await coalition?.close();
		tap.done();
	}
}

// A context as a person has one: own cookies, own cache; the hub's own certificate is accepted, as they would once.
export async function person(browser, viewport, more = {}) {
	const context = await browser.newContext({ viewport, ignoreHTTPSErrors: true, locale: 'en-GB', ...more });
	context.setDefaultTimeout(30000);
	return context;
}

// Waits until check() is true; a generous end for what never comes, not a measurement.
export async function until(what, check, seconds = 30) {
	for (const end = Date.now() + seconds * 1000; ;) {
		const value = await check();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`waited ${seconds} s in vain for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 150));
	}
}

// Keeps what a page looks like, for people to judge: in the folder ENGABO_SHOTS, when it is set.
export async function shot(page, name) {
	const folder = process.env.ENGABO_SHOTS;
	if (!folder)
		return;
	mkdirSync(folder, { recursive: true });
	await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
