// A case travels, in a real browser: a reporter without JavaScript on a small phone; a coordinator in Kampala and an officer in Gulu with nothing but a
// keyboard, on a laptop and then on a phone.
import { LAPTOP, PHONE, person, shot, until, visit } from './browser.mjs';
import { Keyboard, tabThrough, words } from './keyboard.mjs';

const FIRST_FLIGHT = 14 * 1024;
const ANSWERS = [
	['danger', 'yes'], ['what', 'Two men ask for me at the <market> & my mother’s gate.\nThey came "again" tonight.'], ['who', 'me and my sister'], ['day', '20'],
	['place', 'Layibi'], ['by', 'people I do not know'], ['needs', 'legal'], ['contact', 'after six, never on Sunday'],
];
const CODE = /\d{4} \d{4} \d{4} \d{4} \d{4}/;
const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);

// What a visit costs and where it goes: every request of a context.
function meter(context) {
	const seen = { pages: [], others: [], hosts: new Set(), sizes: [] };
	context.on('request', (request) => seen.hosts.add(new URL(request.url()).host));
	context.on('requestfinished', async (request) => {
		const { pathname } = new URL(request.url());
		(request.isNavigationRequest() ? seen.pages : seen.others).push(pathname);
		const size = request.sizes().then((s) => ({ pathname, bytes: s.responseBodySize + s.responseHeadersSize }));
		seen.sizes.push(size);
	});
	return seen;
}

async function answer(page, name, value) {
	const input = page.locator(`main [name=${name}]`).first();
	const type = await input.getAttribute('type');
	if (type === 'radio' || type === 'checkbox')
		await page.locator(`main [name=${name}][value=${value}]`).check();
	else
		await input.fill(value);
	if (name === 'day') {
		await page.locator('[name=month]').selectOption('11');
		await page.locator('[name=year]').fill('2026');
	}
}

const next = (page) => page.getByRole('link', { name: 'Continue' }).click();

async function report(tap, coalition, browser) {
	const context = await person(browser, PHONE, { javaScriptEnabled: false });
	const seen = meter(context);
	const page = await context.newPage();
	await page.goto(coalition.gulu.form);
	tap.ok('the welcome says who will read it', (await words(page)).includes('Who will read it'), await words(page));
	const first = await Promise.all(seen.sizes);
	tap.ok('it comes in two requests and at most 14 KB, style and all', first.length === 2 && first.reduce((sum, size) => sum + size.bytes, 0) <= FIRST_FLIGHT, first);
	tap.ok('and fits one sight: Start is seen without scrolling', (await page.getByRole('link', { name: 'Start' }).boundingBox()).y < PHONE.height - 48);
	await page.getByRole('link', { name: 'Start' }).click();
	for (const [name, value] of ANSWERS) {
		await answer(page, name, value);
		await next(page);
	}
	tap.ok('without JavaScript the form leads through all questions to check-your-answers', await page.getByRole('button', { name: 'Send' }).count() === 1, await words(page));
	for (const [name, value] of ANSWERS) {
		const input = page.locator(`main [name=${name}]`).first();
		const shown = await input.evaluate((one) => (['radio', 'checkbox'].includes(one.type) ? document.querySelector(`[name=${one.name}]:checked`).value : one.value));
		tap.ok(`which shows the answer to "${name}" as it was given`, shown === value && await input.isVisible(), shown);
	}
	tap.ok('from the welcome to here the hub was asked for two pages', seen.pages.length === 2, seen.pages.join(' '));

	await page.getByRole('button', { name: 'Send' }).dblclick();
	await page.waitForURL(/\/done\//);
	const code = (await words(page)).match(CODE)?.[0];
	tap.ok('Send gives a receipt with a code, which says that nobody has read it yet', code && /nobody has read it yet/i.test(await words(page)), await words(page));
	tap.ok('the code is on the first sight', (await page.locator('.code').boundingBox()).y < PHONE.height);
	const sizes = await Promise.all(seen.sizes);
	const large = sizes.filter((size) => size.bytes > FIRST_FLIGHT);
	tap.none('no page and no style is more than 14 KB on the wire', large.map((size) => `${size.pathname} ${size.bytes}`));
	tap.ok('beside the pages only styles are asked for', seen.others.every((path) => /^\/static\/(style|forget)\.css$/.test(path)), seen.others.join(' '));
	tap.ok('no request leaves the hub', [...seen.hosts].every((host) => `https://${host}` === coalition.gulu.form), [...seen.hosts].join(' '));
	const { cookies, origins } = await context.storageState();
	tap.ok('no cookie and nothing in the browser’s storage stays', cookies.length === 0 && origins.length === 0, { cookies, origins });
	tap.ok('the tab’s title tells nothing', !/report|engabo|defend|violen|rights/i.test(await page.title()), await page.title());
	await page.goto(`${coalition.gulu.form}/messages`);
	await page.getByLabel('Your code').fill(code.replaceAll(' ', ''));
	await page.getByRole('button', { name: 'Open' }).click();
	tap.ok('with the code one comes back to the report', /Your messages/.test(await words(page)), await words(page));
	await context.close();
	return code;
}

async function changeOfMind(tap, coalition, browser) {
	const context = await person(browser, PHONE, { javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${coalition.gulu.form}/form/1`);
	await page.getByRole('link', { name: 'Start' }).click();
	await answer(page, 'danger', 'no');
	await next(page);
	await answer(page, 'what', 'A letter came');
	await next(page);
	await answer(page, 'who', 'my brother');
	await page.getByRole('link', { name: 'Back', exact: true }).click();
	tap.ok('the page’s Back keeps what was typed before', await page.locator('[name=what]').inputValue() === 'A letter came');
	await next(page);
	tap.ok('and what was typed on the question one left', await page.locator('[name=who]').inputValue() === 'my brother');
	await page.goBack();
	tap.ok('the phone’s own Back leads to the question before', await page.locator('[name=what]').isVisible() && !await page.locator('[name=who]').isVisible());
	await answer(page, 'what', '');
	await page.getByRole('link', { name: 'Skip the other questions' }).click();
	await page.getByRole('button', { name: 'Send' }).click();
	tap.ok('an empty answer where one is needed is a problem that leads to the question', /There is a problem/.test(await words(page)) && await page.locator('.problems a[href="#what"]').count() === 1,
		await words(page));
	await page.locator('.problems a').click();
	tap.ok('which tells it beside the input, and is alone', await page.locator('#what .error').isVisible() && !await page.locator('#who').isVisible());
	await answer(page, 'what', 'A letter came, without a sender');
	await page.getByRole('link', { name: 'Skip the other questions' }).click();
	tap.ok('mended, it leads back to all answers', await page.locator('[name=what]').isVisible() && await page.locator('[name=who]').inputValue() === 'my brother', await words(page));
	await page.getByRole('button', { name: 'Send' }).click();
	await page.waitForURL(/\/done\//);
	await page.goBack().catch(() => null);
	const left = await page.locator('textarea').evaluateAll((list) => list.map((one) => one.value).join('')).catch(() => '');
	tap.ok('the phone’s own Back after sending shows no answer', !left.includes('without a sender') && !(await words(page)).includes('without a sender'), left);
	await page.goto(coalition.gulu.form);
	await page.getByRole('link', { name: 'Leave this page' }).click();
	tap.ok('“Leave this page” leads to a page that tells nothing', !/report|hub|happened/i.test(await words(page)) && !/report|engabo/i.test(await page.title()), await words(page));
	await context.close();
}

// Each page that is come to is gone through by Tab.
class Staff extends Keyboard {
	findings = [];

	static async arrive(browser, hub, viewport) {
		const staff = new Staff(await (await person(browser, viewport)).newPage());
		staff.hub = hub;
		return staff;
	}

	async look() {
		this.findings.push(...await tabThrough(this.page));
		await this.page.evaluate(() => document.activeElement?.blur());
	}

	async signIn() {
		await this.go(this.hub.office);
		await this.look();
		await this.send('Sign in', { name: this.hub.user, passphrase: this.hub.passphrase });
	}

	async openCaseList() {
		await this.press('Cases');
		await this.look();
	}
}

const risk = async (staff) => (await staff.words()).match(/Risk: (\S+)/)?.[1];

async function travel(tap, coalition, browser, viewport, what, alias) {
	const on = `at ${viewport.width} pixels`;
	const namata = await Staff.arrive(browser, coalition.hq, viewport);
	const akello = await Staff.arrive(browser, coalition.gulu, viewport);

	await coalition.syncAll();
	await namata.signIn();
	tap.ok(`${on}, by keyboard alone, a coordinator signs in and today shows the report`, (await namata.words()).includes(what), await namata.words());
	tap.ok('once, though Send was pressed twice', await namata.page.locator('main a', { hasText: what }).count() === 1);
	await namata.look();
	await namata.press(what.slice(0, 12));
	await namata.look();
	tap.ok('the report can be read', (await namata.words()).includes('Who can read this'));
	await namata.press('Open a case');
	await namata.look();
	await namata.send('Open the case', { alias, risk: 'medium' });
	tap.ok('a case is opened', (await namata.words()).includes(alias) && await risk(namata) === 'Medium', await namata.words());
	await namata.look();
	await namata.press('Add an action');
	await namata.look();
	await namata.send('Save', { what: 'Walk home with her', who: 'akello', due: inDays(3) });
	tap.ok('an action with its due date is agreed', (await namata.words()).includes('Walk home with her') && /akello/.test(await namata.words()), await namata.words());
	await namata.send('Add the note', { text: 'Her sister knows.' });
	tap.ok('a note is added', (await namata.words()).includes('Her sister knows.'), await namata.words());

	await coalition.syncAll();
	await akello.signIn();
	tap.ok('an officer in Gulu signs in, and today shows the action', (await akello.words()).includes('Walk home with her'), await akello.words());
	await akello.openCaseList();
	const link = await akello.page.getByRole('link', { name: alias }).innerText();
	await akello.press(link);
	tap.ok('the case and its note are there', (await akello.words()).includes('Her sister knows.'), await akello.words());
	for (const [staff, level] of [[akello, 'high'], [namata, 'low']]) {
		await staff.press('Change the case');
		await staff.look();
		await staff.send('Save', { risk: level });
	}
	await coalition.syncAll();
	for (const staff of [akello, namata])
		await staff.page.reload();
	tap.ok('after both changed the risk, both see one value, and the conflict with both',
		await risk(akello) === await risk(namata) && (await Promise.all([akello.words(), namata.words()])).every((text) => /Hubs disagree/.test(text) && /High/.test(text) && /Low/.test(text)),
		await akello.words());
	await akello.look();
	await shot(akello.page, `story-conflict-${viewport.width}`);
	await akello.send('Settle it', { choice: 'High' });
	tap.ok('the officer settles it', await risk(akello) === 'High' && !/Hubs disagree/.test(await akello.words()), await akello.words());
	await coalition.syncAll();
	await namata.page.reload();
	tap.ok('and it is settled at headquarters, too', await risk(namata) === 'High' && !/Hubs disagree/.test(await namata.words()), await namata.words());

	await namata.press('Sign out');
	tap.ok('the coordinator signs out', namata.page.url().includes('/login'), namata.page.url());
	await akello.go(`${coalition.gulu.office}/lock`);
	await akello.look();
	await akello.press('Lock now');
	tap.ok('the officer locks the hub', /locked/.test(await akello.words()), await akello.words());
	await until('the locked office', async () => {
		await akello.page.goto(`${coalition.gulu.office}/`).catch(() => null);
		return akello.page.url().includes('/login') && /The hub is locked/.test(await akello.words());
	});
	tap.none('on all these pages Tab reaches everything in its order, and one sees where one is', [...namata.findings, ...akello.findings]);
	await namata.page.context().close();
	await akello.page.context().close();
}

visit(async (tap, coalition, browser) => {
	await report(tap, coalition, browser);
	await changeOfMind(tap, coalition, browser);
	await travel(tap, coalition, browser, LAPTOP, 'Two men ask', 'Heron');
	await travel(tap, coalition, browser, PHONE, 'A letter came', 'Crane');
});
