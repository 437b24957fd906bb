// Coming here with a phone, as a camera and a printer see it: the codes on the page and on the poster are read back from pictures of them, in every width,
// light and dark, in colour and in black and white; and a phone's small window for signing in to a Wi-Fi leads on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inspector } from './inspector.mjs';
import { LAPTOP, PHONE, person, shot, visit } from './browser.mjs';
import { tabThrough, words } from './keyboard.mjs';

const WIFI = 'WIFI:T:WPA;S:Blue\\; bird\\: \\"7\\";P:maize\\\\river\\,42;;';
const SMALL_WINDOW = 'Mozilla/5.0 (Linux; Android 10; SM-A105F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36';
const LANGUAGES = ['en', 'lg', 'sw', 'ach'];

// What a camera reads in a picture: the texts of all codes in it, sorted.
function camera(folder, picture) {
	const path = typeof picture === 'string' ? picture : join(folder, 'seen.png');
	if (picture !== path)
		writeFileSync(path, picture);
	try {
		return execFileSync('zbarimg', ['--quiet', '--nodbus', '--raw', '-Sdisable', '-Sqrcode.enable', path], { stdio: ['ignore', 'pipe', 'ignore'] })
			.toString().trim().split('\n').sort();
	} catch {
		return [];
	}
}

async function onThePage(tap, { gulu }, browser, folder) {
	for (const width of [320, 360, LAPTOP.width])
		for (const colorScheme of ['light', 'dark']) {
			const context = await person(browser, { width, height: 800 }, { colorScheme });
			const page = await context.newPage();
			await page.goto(`${gulu.welcome}/connect`);
			const numbers = (await page.locator('dd').allInnerTexts()).filter((text) => text.startsWith('http://')).at(-1);
			const seen = camera(folder, await page.screenshot({ fullPage: true }));
			tap.ok(`at ${width}, ${colorScheme}, a camera reads the Wi-Fi and the address that stands below`, seen.length === 2 && seen[0] === WIFI && seen[1] === `${numbers}/`,
				{ seen, numbers });
			const broken = await page.locator('img').evaluateAll((all) => all.filter((one) => !one.complete || !one.naturalWidth || !one.alt).map((one) => one.src));
			tap.none('and every picture is there, and has words', broken);
			tap.none('and Tab reaches all of it', await tabThrough(page));
			await context.close();
		}
	const context = await person(browser, PHONE);
	const page = await context.newPage();
	await page.goto(`${gulu.welcome}/connect?l=lg`);
	const seen = camera(folder, await page.screenshot({ fullPage: true }));
	tap.ok('in Luganda, the code opens the page in Luganda', seen[1]?.endsWith('/?l=lg') && await page.locator('html').getAttribute('lang') === 'lg', seen);
	await context.close();
}

// In the page: sheets whose words need more than the paper, the words made longer by so much.
function tooLong(more) {
	for (const sheet of document.querySelectorAll('article')) {
		const walk = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const text = walk.currentNode;
			if (!text.parentElement.closest('strong, code, b'))
				text.data += text.data.slice(0, text.data.length * more);
		}
	}
	return [...document.querySelectorAll('article')].filter((one) => one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth)
		.map((one) => `${one.lang}: ${one.scrollHeight} of ${one.clientHeight}`);
}

async function onPaper(tap, { gulu }, browser, folder) {
	const context = await person(browser, LAPTOP);
	const page = await context.newPage();
	await page.goto(`${gulu.welcome}/connect/poster`);
	await shot(page, 'poster');
	const pdf = join(folder, 'poster.pdf');
	writeFileSync(pdf, await page.pdf({ preferCSSPageSize: true }));
	const facts = execFileSync('pdfinfo', [pdf]).toString();
	tap.ok('the poster is one sheet of A4 a language', /^Pages: +4$/m.test(facts) && /^Page size: .*A4/m.test(facts), facts);
	for (const ink of ['-gray', '-mono']) {
		execFileSync('pdftoppm', ['-r', '75', ink, pdf, join(folder, `sheet${ink}`)]);
		const sheets = readdirSync(folder).filter((name) => name.startsWith(`sheet${ink}`)).sort();
		const seen = sheets.map((name) => camera(folder, join(folder, name)));
		tap.ok(`printed ${ink === '-mono' ? 'in black and white' : 'in grey'}, a camera reads both codes on each, and each opens the page in its language`,
			seen.length === 4 && seen.every((codes, i) => codes.length === 2 && codes[0] === WIFI && codes[1].endsWith(`/?l=${LANGUAGES[i]}`)), seen);
	}
	await page.emulateMedia({ media: 'print' });
	await page.setViewportSize({ width: 794, height: 1123 });
	tap.none('all of it is on the sheet', await page.evaluate(tooLong, 0));
	tap.none('also in a language that needs half as many words again', await page.evaluate(tooLong, 0.5));
	await context.close();
}

// Each page in each language: axe-core, html-validate, no wider than its screen, targets for a thumb.
async function forEverybody(tap, { gulu }, browser) {
	const inspector = new Inspector();
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	inspector.watch(page);
	for (const language of LANGUAGES)
		for (const name of ['', '/browser', '/stayed', '/poster']) {
			await page.goto(`${gulu.welcome}/connect${name}?l=${language}`);
			for (const more of await page.locator('summary').all())
				await more.click();
			await inspector.look(page, `connect${name.replace('/', '-')}-${language}`, true);
		}
	for (const [what, findings] of Object.entries(inspector.findings))
		tap.none(`all four pages in all languages can be used by everybody: ${what}`, findings);
	await context.close();
}

async function inASmallWindow(tap, { gulu }, browser) {
	const context = await person(browser, PHONE, { userAgent: SMALL_WINDOW, javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${gulu.welcome}/form/1`);
	tap.ok('the form, asked for in a phone’s small window, becomes how to open the browser', (await words(page)).includes('Open your browser'), page.url());
	await shot(page, 'small-window');
	await Promise.all([page.waitForEvent('load'), page.getByRole('button').click()]);
	tap.ok('and the phone can stay on the Wi-Fi', (await words(page)).includes('Your phone can stay on this Wi-Fi') && page.url().endsWith('/connect/stayed'), page.url());
	await context.close();
}

visit(async (tap, coalition, browser) => {
	const folder = mkdtempSync(join(tmpdir(), 'engabo-codes-'));
	try {
		await onThePage(tap, coalition, browser, folder);
		await onPaper(tap, coalition, browser, folder);
		await forEverybody(tap, coalition, browser);
		await inASmallWindow(tap, coalition, browser);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
