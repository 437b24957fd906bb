// The pages in every language that people may choose, with the catalogues as they are: each says in which language it is, holds together as
// pages have to (inspector.mjs), is reached by keyboard alone, and mixes no English into its words. What is not translated yet is told, not failed.
// Of the public pages all; of the office, which is less translated, those that staff see most.
import { readFileSync, readdirSync } from 'node:fs';
import { PHONE, person, visit } from './browser.mjs';
import { tabThrough, words } from './keyboard.mjs';
import { Inspector, NEUTRAL } from './inspector.mjs';

const PO = new URL('../../web/po/', import.meta.url);
const PAGE_MOST = 14 * 1024; // of a page as it travels
const QUESTIONS = ['danger', 'what', 'who', 'when', 'where', 'by', 'needs', 'contact'];

// {msgid: [msgstr...]} of a catalogue; without its header.
function catalogue(code) {
	const texts = new Map();
	const text = (line) => JSON.parse(line.slice(line.indexOf('"')));
	let id = '', into = null;
	for (const line of readFileSync(new URL(`${code}.po`, PO), 'utf8').split('\n')) {
		if (line.startsWith('msgid "')) {
			id = text(line);
			into = null;
		} else if (line.startsWith('msgstr')) {
			into = texts.get(id) ?? [];
			into.push(text(line));
			texts.set(id, into);
		} else if (line.startsWith('"') && into) {
			into[into.length - 1] += text(line);
		} else if (line.startsWith('"')) {
			id += text(line);
		}
	}
	texts.delete('');
	return texts;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const say = (said, english) => said.get(english)?.[0] || english;

// English sentences that stand on a page though it is in another language: {untranslated: said in English, mixed: translated, and still English}.
class Mixing {
	untranslated = new Set();
	mixed = [];

	constructor(said) {
		// Whole texts of some length: a word can be the same in both.
		this.texts = [...said].filter(([id, strings]) => id.length > 11 && !/[{%<]/.test(id) && strings[0] !== id)
			.map(([id, strings]) => ({ id, is: new RegExp(`(^|\\n)\\s*${escaped(id)}\\s*(\\n|$)`), translated: strings[0] !== '' }));
	}

	look(name, text) {
		for (const one of this.texts)
			if (one.is.test(text)) {
				if (one.translated)
					this.mixed.push(`${name}: ${one.id}`);
				else
					this.untranslated.add(one.id);
			}
	}
}

// Today in the words of the language, as the catalogue orders them.
function today(said) {
	const now = new Date();
	const month = now.toLocaleString('en-GB', { month: 'long', timeZone: 'UTC' });
	return say(said, '%1$d %2$s %3$.4s').replace('%1$d', now.getUTCDate()).replace('%2$s', say(said, month)).replace('%3$.4s', now.getUTCFullYear());
}

class Reader {
	findings = { lang: [], draft: [], keyboard: [], size: [] };

	constructor(tap, browser, code) {
		Object.assign(this, { tap, browser, code, said: code === 'en' ? new Map() : catalogue(code) });
		this.inspector = new Inspector(NEUTRAL.map((title) => say(this.said, title)));
		this.mixing = new Mixing(this.said);
	}

	async open() {
		this.context = await person(this.browser, PHONE, { bypassCSP: true, locale: 'de-DE' });
		this.page = await this.context.newPage();
		this.inspector.watch(this.page);
		this.page.on('requestfinished', async (request) => {
			const size = request.isNavigationRequest() ? (await request.sizes()).responseBodySize : 0;
			if (size > PAGE_MOST)
				this.findings.size.push(`${request.url()}: ${size} bytes`);
		});
	}

	// What stands on the page now.
	async look(name, hasFrame = true) {
		const lang = await this.page.getAttribute('html', 'lang');
		const draft = this.page.locator('footer p');
		if (lang !== this.code)
			this.findings.lang.push(`${name}: ${lang}`);
		if (hasFrame && (await draft.count() > 0) !== (this.code !== 'en'))
			this.findings.draft.push(`${name}: ${await draft.allInnerTexts()}`);
		this.mixing.look(name, await this.page.locator('body').innerText());
		await this.inspector.reread(this.page, `${this.code}-${name}`, true);
		this.findings.keyboard.push(...await tabThrough(this.page));
	}

	// Another question of the form, which is one document: only what it shows is new.
	async glance(name) {
		this.mixing.look(name, await this.page.locator('body').innerText());
		await this.inspector.fits(this.page, `${this.code}-${name}`);
		this.findings.keyboard.push(...await tabThrough(this.page));
	}

	async press(english, how = {}) {
		const button = this.page.locator('main').getByRole('button', { name: say(this.said, english), exact: true, ...how }).last();
		await Promise.all([this.page.waitForEvent('load'), button.click()]);
	}

	tell() {
		const { axe, html, overflow, large, targets, titles } = this.inspector.findings;
		const { untranslated, mixed } = this.mixing;
		const all = (promise, findings) => this.tap.none(`${this.code}: ${promise}`, findings);
		all('every page says in which language it is', this.findings.lang);
		all('a draft says that it is one, and a language that was read by speakers does not', this.findings.draft);
		all('axe-core finds nothing', axe);
		all('html-validate finds nothing', html);
		all('no word is too long for 320 pixels', overflow);
		all('nor with letters of twice the size', large);
		all('what is pressed stays 44 pixels high', targets);
		all('each page is 14 KB at most as it travels', this.findings.size);
		all('the titles tell nothing in this language either', titles);
		all('the keyboard reaches everything, in order and in sight', this.findings.keyboard);
		all('no sentence that is translated is said in English', mixed);
		console.log(`# ${this.code}: ${this.inspector.count} pages; ${untranslated.size} texts on them are still English`);
		for (const text of untranslated)
			console.log(`#   ${text}`);
	}
}

// The pages that anybody sees.
async function publicPages(reader, { form }) {
	const { page, code } = reader;
	for (const path of ['/', '/help', '/safety', '/privacy', '/messages', '/connect', '/connect/browser', '/nowhere', '/leave']) {
		await page.goto(`${form}${path}?l=${code}`);
		await reader.look(path.slice(1) || 'welcome', path !== '/leave');
	}
}

async function askedPages(reader, { form }) {
	const { page, code } = reader;
	for (const question of QUESTIONS) {
		await page.goto(`${form}/form/1?l=${code}#${question}`);
		await reader.glance(`form-${question}`);
	}
	await page.goto(`${form}/form/1?l=${code}#check`);
	await reader.look('form-check');
	await page.locator('[name=day]').fill('31');
	await page.locator('[name=month]').selectOption('2');
	await page.locator('[name=year]').fill('2026');
	await reader.press('Send');
	await reader.look('form-wrong');
	await page.goto(`${form}/form/1?l=${code}#check`);
	await page.locator('[name=what]').fill('Two men ask for me at the gate.');
	await reader.press('Send');
	await reader.look('done');
	return (await words(page)).match(/\d{4}(?: \d{4}){4}/)[0];
}

// Coming back with the code; what is counted and dated is so by the language's own rules.
async function comingBack(reader, { form }, receipt) {
	const { page, code, said, tap } = reader;
	const open = async (typed) => {
		await page.goto(`${form}/messages?l=${code}`);
		await page.locator('[name=code]').fill(typed);
		await reader.press('Open');
	};
	const digits = said.get('Please look at the code again: it has 20 digits, and this is %lu.') ??
		['Please look at the code again: it has 20 digits, and this is %lu.', 'Please look at the code again: it has 20 digits, and these are %lu.'];
	for (const [typed, form, count] of [['7', 0, 1], ['1234', 1, 4]]) {
		await open(typed);
		const wanted = digits[form].replace('%lu', count);
		tap.ok(`${code}: ${count} is said by its rule of plurals`, (await words(page)).includes(wanted), `${wanted}: ${await words(page)}`);
	}
	await reader.look('messages-wrong');
	await open(receipt);
	await reader.look('messages-open');
	tap.ok(`${code}: a day is said as people say it: ${today(said)}`, (await words(page)).includes(today(said)), await words(page));
	await reader.press('Send the photo');
	await reader.look('messages-no-photo');
	await page.locator('[name=text]').fill('They came again.');
	await reader.press('Send');
	await reader.look('sent');
	await reader.press('Back to your messages');
	await reader.press('Close these messages');
	await reader.look('close');
	await reader.press('Close for good');
	await reader.look('closed');
}

// The first page offers every language by its own name, and each choice stays while one reads on.
async function choosing(tap, browser, { form }, codes) {
	const context = await person(browser, PHONE, { locale: 'ach-UG' });
	const page = await context.newPage();
	const lang = () => page.getAttribute('html', 'lang');
	await page.goto(form);
	tap.ok('a phone that asks for a language of ours gets it', await lang() === 'ach', await lang());
	const lost = [];
	for (const code of codes) {
		await page.goto(form);
		await page.locator(`nav a[hreflang=${code}]`).click();
		for (const next of ['footer a[href^="/help"]', 'footer a[href^="/privacy"]', 'a.site', 'main .actions a.button']) {
			await page.locator(next).first().click();
			await page.waitForLoadState();
			if (await lang() !== code)
				lost.push(`${page.url()} is in ${await lang()}, not ${code}`);
		}
	}
	tap.none('a language that was chosen stays from page to page, also against the phone’s', lost);
	await page.goto(`${form}/privacy?l=lg`);
	await page.locator('footer a[hreflang=en]').click();
	await page.waitForLoadState();
	tap.ok('a draft leads to the same page in English', page.url().endsWith('/privacy?l=en') && await lang() === 'en', page.url());
	await context.close();
}

// A person of staff chooses at the foot of a page: the office as it then is fits the narrowest phone and the largest letters, with whatever is translated.
async function office(tap, browser, { office: address, user, passphrase }, codes) {
	const context = await person(browser, PHONE, { bypassCSP: true, locale: 'lg-UG' });
	const page = await context.newPage();
	const inspector = new Inspector();
	inspector.watch(page);
	const choose = async (code) => {
		await Promise.all([page.waitForEvent('load'), page.locator(`footer button[lang=${code}]`).click()]);
	};
	const lang = () => page.getAttribute('html', 'lang');

	await page.goto(`${address}/login`);
	tap.ok('the office speaks English until somebody chooses, whatever their browser prefers', await lang() === 'en' && (await words(page)).includes('Your name'), await words(page));
	await choose('sw');
	tap.ok('a language is chosen before signing in', await lang() === 'sw' && (await words(page)).includes('Jina lako'), await words(page));
	await page.locator('[name=name]').fill(user);
	await page.locator('[name=passphrase]').fill(passphrase);
	await Promise.all([page.waitForEvent('load'), page.locator('main button').click()]);
	const report = await caseOf(page, address);
	const lost = [], keyboard = [];
	for (const code of codes) {
		await page.goto(`${address}/cases/${report}`);
		await choose(code);
		for (const path of [`/cases/${report}`, `/cases/${report}/edit`, `/cases/${report}/incidents/new`, `/cases/${report}/risk`, `/cases/${report}/close`, `/cases/${report}/refer`,
			`/reports/${report}`, '/', '/reports', '/reports/new', '/cases', '/search', '/providers', '/providers/new', '/codes', '/codes/acts', '/settings', '/users', '/help', '/login']) {
			await page.goto(address + path);
			for (const one of await page.locator('details').all())
				await one.evaluate((details) => { details.open = true; });
			if (await lang() !== code)
				lost.push(`${path} is in ${await lang()}, not ${code}`);
			await inspector.reread(page, `office-${code}-${path.slice(1).replace(report, 'case').replaceAll('/', '-')}`, false);
			keyboard.push(...await tabThrough(page));
		}
	}
	const { axe, html, overflow, large, targets } = inspector.findings;
	tap.none('office: a language that was chosen stays from page to page', lost);
	tap.none('office, in each language: axe-core finds nothing', axe);
	tap.none('office, in each language: html-validate finds nothing', html);
	tap.none('office, in each language: no word is too long for 320 pixels', overflow);
	tap.none('office, in each language: nor with letters of twice the size', large);
	tap.none('office, in each language: what is pressed stays 44 pixels high', targets);
	tap.none('office, in each language: the keyboard reaches everything, in order and in sight', keyboard);
	await context.close();
}

// A case that says all kinds of codes; its key.
async function caseOf(page, address) {
	await page.goto(`${address}/reports/new`);
	await page.locator('[name=what]').fill('Two men ask for me at the gate.');
	await page.locator('[name=how][value=visit]').check();
	await page.locator('[name=danger][value=no]').check();
	await Promise.all([page.waitForEvent('load'), page.locator('main form button').last().click()]);
	const report = page.url().split('/').pop();
	await page.goto(`${address}/reports/${report}/case`);
	await page.locator('[name=alias]').fill('Crane');
	await page.locator('[name=risk][value=high]').check();
	for (const one of await page.locator('details').all())
		await one.evaluate((details) => { details.open = true; });
	for (const name of ['violations', 'perpetrators', 'needs'])
		for (const box of (await page.locator(`[name=${name}]`).all()).slice(0, 16)) // as many as fit
			await box.check();
	await Promise.all([page.waitForURL('**/cases/*'), page.locator('main form button').last().click()]);
	return report;
}

visit(async (tap, coalition, browser) => {
	const codes = ['en', ...readdirSync(PO).filter((name) => name.endsWith('.po')).map((name) => name.slice(0, -'.po'.length))];
	await choosing(tap, browser, coalition.gulu, codes);
	await office(tap, browser, coalition.gulu, codes);
	for (const code of codes) {
		const reader = new Reader(tap, browser, code);
		await reader.open();
		await publicPages(reader, coalition.gulu);
		await comingBack(reader, coalition.gulu, await askedPages(reader, coalition.gulu));
		reader.tell();
		await reader.context.close();
	}
});
