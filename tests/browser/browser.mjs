// What the browser's tests share: Debian's chromium, a small coalition to visit, what has to hold of any page, a keyboard without a mouse, and TAP.
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
	context.setDefaultTimeout(10000);
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

export const words = async (page) => (await page.locator('body').innerText()).replace(/\s+/g, ' ');

// Keeps what a page looks like, for people to judge: in the folder ENGABO_SHOTS, when it is set.
export async function shot(page, name) {
	const folder = process.env.ENGABO_SHOTS;
	if (!folder)
		return;
	mkdirSync(folder, { recursive: true });
	await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

// In the page: what can be reached by keyboard, in the order of the page. Of radio buttons with one name, one.
function stops() {
	const seen = new Set();
	const list = [];
	for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
		if (!one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) || one.disabled || one.tabIndex < 0)
			continue;
		if (one.type === 'radio') {
			const group = [one.form ? [...document.forms].indexOf(one.form) : -1, one.name].join();
			if (seen.has(group))
				continue;
			seen.add(group);
		}
		list.push(one);
	}
	const name = (one) => (one.labels?.[0]?.innerText || one.innerText || one.name || one.tagName).trim().split('\n')[0].slice(0, 40);
	return { list, name };
}

// In the page: the stop that has the focus, and whether one sees it.
function focused(stopsSource) {
	const { list, name } = new Function(`return (${stopsSource})()`)();
	const one = document.activeElement;
	if (!one || one === document.body || one === document.documentElement)
		return null;
	const style = getComputedStyle(one);
	const box = one.getBoundingClientRect();
	const group = (a) => one.type === 'radio' && a.type === 'radio' && a.name === one.name && a.form === one.form;
	return {
		index: list.findIndex((a) => a === one || group(a)),
		name: name(one),
		tag: one.tagName.toLowerCase(),
		type: one.type ?? '',
		id: one.id,
		field: one.name ?? '',
		value: one.value ?? '',
		isVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0 &&
			box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
	};
}

export const focus = (page) => page.evaluate(focused, stops.toString());

// Goes through a page by Tab alone, from its top to its end; answers what is wrong with that.
export async function tabThrough(page) {
	const expected = await page.evaluate((source) => {
		const { list, name } = new Function(`return (${source})()`)();
		document.activeElement?.blur();
		window.getSelection().removeAllRanges();
		window.scrollTo(0, 0);
		return list.map(name);
	}, stops.toString());
	const findings = [];
	let next = 0;
	await page.locator('html').evaluate((html) => { html.tabIndex = -1; html.focus(); html.removeAttribute('tabindex'); });
	for (let i = 0; i < expected.length * 5 + 10 && next < expected.length; i++) {
		await page.keyboard.press('Tab');
		const at = await focus(page);
		if (!at)
			break;
		if (!at.isVisible)
			findings.push(`${page.url()}: the focus on "${at.name}" is not seen`);
		if (at.index === next)
			next++;
		else if (at.index !== next - 1) { // a date has several parts
			findings.push(`${page.url()}: "${at.name}" comes where "${expected[next]}" should`);
			break;
		}
	}
	if (next < expected.length && !findings.length)
		findings.push(`${page.url()}: Tab does not reach "${expected[next]}"`);
	return findings;
}

// A person without a mouse: whatever is to be pressed or filled in is found by Tab, as on any page.
export class Keyboard {
	constructor(page) {
		this.page = page;
	}

	async go(address) {
		await this.page.goto(address);
	}

	// Tab until `is` is true of what has the focus.
	async to(what, is) {
		const seen = [];
		for (let i = 0; i < 150; i++) {
			const at = await focus(this.page);
			if (at && is(at))
				return at;
			seen.push(at?.name);
			await this.page.keyboard.press('Tab');
		}
		throw new Error(`no ${what} by keyboard at ${this.page.url()}: ${[...new Set(seen)].join(' | ')}`);
	}

	// Presses the link or button that begins with these words.
	async press(text) {
		const at = await this.to(`"${text}"`, (one) => ['a', 'button', 'summary'].includes(one.tag) && one.name.startsWith(text));
		const moves = at.tag !== 'summary';
		const loaded = moves ? this.page.waitForEvent('load') : null;
		await this.page.keyboard.press('Enter');
		await loaded;
	}

	async type(field, text) {
		await this.to(field, (one) => one.field === field);
		await this.page.keyboard.press('Control+A');
		await this.page.keyboard.type(text);
	}

	// 2026-11-30, typed in parts; which part comes first is the browser's affair, and one sees it.
	async date(field, text) {
		const [year, month, day] = text.split('-');
		for (const order of [day + month + year, month + day + year, year + month + day]) {
			await this.to(field, (one) => one.field === field);
			while ((await focus(this.page)).field === field)
				await this.page.keyboard.press('Shift+Tab');
			await this.to(field, (one) => one.field === field);
			await this.page.keyboard.type(order);
			if ((await focus(this.page)).value === text)
				return;
		}
		throw new Error(`${text} cannot be typed into ${field} at ${this.page.url()}`);
	}

	// One of several radio buttons, by its value, or by a word of its label.
	async choose(field, wanted) {
		await this.to(field, (one) => one.field === field);
		await this.page.keyboard.press('Space');
		for (let i = 0; i < 12; i++) {
			const at = await focus(this.page);
			if (at.value === wanted || at.name.startsWith(wanted))
				return;
			await this.page.keyboard.press('ArrowDown');
		}
		throw new Error(`no choice "${wanted}" for ${field} at ${this.page.url()}`);
	}
}
