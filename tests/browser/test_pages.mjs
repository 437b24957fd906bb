// Every page of both roles as people meet it: in three widths, light and dark, with large letters, with problems named. Each can be used by everybody
// (axe-core at WCAG 2.1 AA), is right HTML (html-validate), fits its width, and has targets that a thumb hits.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAPTOP, person, until, visit, words } from './browser.mjs';
import { Inspector, fill, press, send } from './inspector.mjs';

const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
// What is answered to each question of the form; "what" is left out at first.
const FORM = [['danger', { danger: 'yes' }], ['what', {}], ['who', { who: 'me' }], ['when', { about: 'unknown' }], ['where', { district: 'Gulu' }],
	['by', { by_unknown: 'yes' }], ['needs', { needs: 'legal' }], ['contact', { contact: 'after six', consent: 'ask', closed: 'no' }]];
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

// A photo of which the hub reads no more than what is typed before it.
async function tooLarge(page) {
	const folder = mkdtempSync(join(tmpdir(), 'engabo-'));
	const photo = join(folder, 'IMG_1.jpg');
	writeFileSync(photo, Buffer.alloc(12e6));
	await page.locator('#photo').setInputFiles(photo);
	await press(page, page.getByRole('button', { name: 'Send the photo' }));
	await until('that it is too large, behind the code', async () => /Your messages.*too large/.test(await words(page)));
	rmSync(folder, { recursive: true });
}

async function publicPages(inspector, coalition, browser) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	inspector.watch(page);
	const look = (name) => inspector.look(page, `form-${name}`, true);
	const { form, welcome } = coalition.gulu;

	await page.goto(welcome);
	await look('welcome-http');
	await page.goto(form);
	await look('welcome');
	for (const name of ['privacy', 'safety', 'help', 'leave', 'messages', 'nowhere']) {
		await page.goto(`${form}/${name}`);
		await look(name);
	}
	for (const name of ['connect', 'connect/browser', 'connect/stayed', 'connect/poster']) {
		await page.goto(`${welcome}/${name}`);
		await look(name.replace('/', '-'));
	}
	await page.goto(`${welcome}/connect/staff`);
	await look('connect-staff');
	await page.goto(`${form}/connect/staff/check`);
	await look('connect-staff-check');
	await page.goto(`${form}/form/send`);
	await look('0-start');
	await page.goto(`${form}/?l=en`);
	await press(page, page.getByRole('link', { name: 'Start' }));
	for (const [name, answers] of FORM) {
		await look(`question-${name}`);
		await fill(page, answers);
		await page.locator(`#${name}`).getByRole('link', { name: 'Continue' }).click();
	}
	await look('check-empty');
	await send(page, 'Send', { day: '31', month: '2', year: '2026', place: 'x'.repeat(500) });
	await look('check-wrong');
	await page.locator('.problems').getByRole('link', { name: /^When/ }).click();
	await look('question-when-wrong');
	await fill(page, { day: '20', month: '11' });
	await page.locator('#when').getByRole('link', { name: 'Continue' }).click();
	await fill(page, { place: 'Layibi, behind the market' });
	await page.locator('#where').getByRole('link', { name: 'Skip' }).click();
	await fill(page, { what: 'Two men ask for me at the gate. They know which road my children walk to school, and they came back tonight.' });
	await look('check');
	const token = page.locator('[name=token]');
	await token.evaluate((one) => { one.value = one.value.replace(/.$/, (c) => (c === '0' ? '1' : '0')); });
	await send(page, 'Send');
	await look('check-again');
	await send(page, 'Send');
	const code = (await words(page)).match(/\d{4}(?: \d{4}){4}/)[0];
	await look('done');
	await page.goto(`${form}/done/${'0'.repeat(20)}`);
	await look('done-nowhere');
	await page.goto(`${form}/messages`);
	await send(page, 'Open', { code: '1234' });
	await look('messages-wrong');
	await send(page, 'Open', { code });
	await look('messages-open');
	await send(page, 'Send', { text: 'They came again. I go to my sister now.' });
	await look('messages-sent');
	await press(page, page.getByRole('button', { name: 'Back to your messages' }));
	await send(page, 'Send', { text: '' });
	await look('messages-wrong-text');
	await tooLarge(page);
	await look('messages-wrong-photo');
	inspector.code = code;
	await context.close();
}

// The reporter reads what the office has answered.
async function answeredPage(inspector, coalition, browser) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	inspector.watch(page);
	await page.goto(`${coalition.gulu.form}/messages`);
	await send(page, 'Open', { code: inspector.code });
	await inspector.look(page, 'form-messages-answered', true);
	await context.close();
}

async function signIn(page, hub) {
	await page.goto(`${hub.office}/login`);
	await send(page, 'Sign in', { name: hub.user, passphrase: hub.passphrase });
}

const keyIn = (page) => page.url().match(/[0-9a-z]{16}\.[0-9a-z]{26}/)[0];

async function openedCase(page, office, what, answers) {
	await page.goto(`${office}/reports`);
	await press(page, page.getByRole('link', { name: what }));
	await press(page, page.getByRole('link', { name: 'Open a case' }));
	await send(page, 'Open the case', answers);
	return keyIn(page);
}

// Gulu's office, and headquarters for what two hubs disagree about.
async function officePages(inspector, coalition, browser) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	const { gulu } = coalition;
	const look = (name) => inspector.look(page, `office-${name}`, false);
	const show = async (name, path) => {
		await page.goto(`${gulu.office}${path}`);
		await look(name);
	};
	inspector.watch(page);
	await until('the flag of what is urgent', async () => {
		await page.goto(`${gulu.office}/login`);
		return (await words(page)).includes('Something urgent waits');
	});
	await look('login-locked');
	await send(page, 'Sign in');
	await look('login-empty');
	await send(page, 'Sign in', { name: gulu.user, passphrase: 'not this one' });
	await look('login-wrong');
	await send(page, 'Sign in', { passphrase: gulu.passphrase });
	await look('today');
	await show('reports', '/reports');
	await show('record', '/reports/new');
	await send(page, 'Save the report');
	await look('record-wrong');
	await page.goto(`${gulu.office}/reports`);
	await press(page, page.getByRole('link', { name: 'Two men ask' }).first());
	await look('report');
	const report = keyIn(page);
	await send(page, 'Send the answer', { text: '' });
	await look('report-answer-wrong');
	await send(page, 'Send the answer', { text: 'We have read it. Come on Thursday at nine; ask for Akello.' });
	await look('report-answered');
	await page.locator('summary', { hasText: 'Close without a case' }).click();
	await look('report-close');
	await send(page, 'Close the report');
	await look('report-close-wrong');
	await show('open-case', `/reports/${report}/case`);
	await send(page, 'Open the case');
	await look('open-case-wrong');
	await send(page, 'Open the case', { alias: 'Heron', risk: 'medium', summary: 'Followed home for three evenings. Two men, one motorcycle.' });
	await look('case-new');
	await page.goto(`${gulu.office}/cases/${report}/actions/new`);
	await look('action-new');
	await send(page, 'Save', { due: inDays(7) });
	await look('action-wrong');
	await send(page, 'Save', { what: 'Walk home with her this week', who: 'akello', due: inDays(-3) });
	await look('action-past');
	await send(page, 'Save');
	await page.goto(`${gulu.office}/cases/${report}/actions/new`);
	await send(page, 'Save', { what: 'Speak to the area chairperson', who: 'Okello, a lawyer', due: inDays(40) });
	await press(page, page.getByRole('link', { name: 'Walk home' }));
	await look('action');
	await page.goto(`${gulu.office}/cases/${report}/followups/new`);
	await look('followup-new');
	await send(page, 'Save', { due: inDays(2) });
	await press(page, page.locator('table').last().getByRole('link'));
	await look('followup');
	await page.goto(`${gulu.office}/cases/${report}`);
	await send(page, 'Add the note', { text: '' });
	await look('note-wrong');
	await send(page, 'Add the note', { text: 'Her sister in Layibi knows and keeps the spare key.' });
	await look('case');
	await show('case-edit', `/cases/${report}/edit`);
	await send(page, 'Save', { alias: 'x'.repeat(400) });
	await look('case-edit-wrong');
	await show('reports-all', '/reports?all=1');

	await coalition.syncAll();
	await disagree(page, browser, coalition, report);
	await show('case-conflict', `/cases/${report}`);
	await show('today-conflict', '/');
	await show('cases', '/cases');
	await page.goto(`${gulu.office}/cases/${report}`);
	await send(page, 'Settle it', { choice: 'ask' });
	await look('settle');
	await send(page, 'Settle it', { choice: 'other', risk: 'emergency' });
	await look('case-settled');
	await show('history-case', `/history/case/${report}`);
	await show('history-report', `/history/report/${report}`);
	await show('search', '/search');
	await show('search-found', '/search?q=layibi');
	await show('search-nothing', '/search?q=zzzz');
	await show('hubs', '/hubs');
	await show('settings', '/settings');
	await show('users', '/users');
	await show('nowhere', '/nowhere');
	await show('case-nowhere', `/cases/${'a'.repeat(16)}.${'0'.repeat(26)}`);
	await page.goto(`${gulu.office}/cases/${report}/edit`);
	await page.locator('main [name=csrf]').evaluate((one) => { one.value = 'stale'; });
	await send(page, 'Save', { alias: 'Crane' });
	await look('stale-form');
	await context.close();
}

// Both change the risk without having seen the other's change.
async function disagree(page, browser, coalition, report) {
	const context = await person(browser, LAPTOP);
	const other = await context.newPage();
	await signIn(other, coalition.hq);
	for (const [where, office, risk] of [[page, coalition.gulu.office, 'high'], [other, coalition.hq.office, 'low']]) {
		await where.goto(`${office}/cases/${report}/edit`);
		await send(where, 'Save', { risk });
	}
	await context.close();
	await coalition.syncAll();
}

// What only a coordinator sees, and somebody with whom nothing is shared; locking ends it.
async function peoplePages(inspector, coalition, browser) {
	const { hq } = coalition;
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	const look = (name) => inspector.look(page, `office-${name}`, false);
	inspector.watch(page);
	await signIn(page, hq);
	await page.goto(`${hq.office}/users`);
	await look('people');
	await page.goto(`${hq.office}/users/new`);
	await look('person-new');
	await send(page, 'Add them', { name: 'Doctor Who' });
	await look('person-wrong');
	await send(page, 'Add them', { name: 'okot', role: 'provider', passphrase: hq.passphrase });
	await look('person-words');
	const passphrase = (await page.locator('.code').innerText()).trim();
	await page.goto(`${hq.office}/users/okot`);
	await look('person');
	await send(page, 'Do it');
	await look('person-nothing');
	await page.goto(`${hq.office}/users/${hq.user}`);
	await look('person-me');
	await providerPages(inspector, coalition, browser, passphrase);
	await page.goto(`${hq.office}/lock`);
	await look('lock');
	await send(page, 'Lock now');
	await look('locked');
	await context.close();
}

async function providerPages(inspector, { hq }, browser, passphrase) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	inspector.watch(page);
	await signIn(page, { office: hq.office, user: 'okot', passphrase });
	await inspector.look(page, 'office-provider', false);
	await page.goto(`${hq.office}/reports`);
	await inspector.look(page, 'office-not-allowed', false);
	await context.close();
}

// The routes of both tables that show a page, as patterns; a * stands for one part.
function routes() {
	const office = [...read('web/office/routes.c').matchAll(/\{GET, "([^"]+)"/g)].map((m) => m[1]);
	const intake = [...read('web/intake/role.c').matchAll(/\{METHOD_GET, "([^"]+)"/g)].map((m) => m[1]);
	return [...office, ...intake].filter((path) => !/healthz|static|svg|crt|photo/.test(path));
}

visit(async (tap, coalition, browser) => {
	const inspector = new Inspector();
	await publicPages(inspector, coalition, browser);
	await officePages(inspector, coalition, browser);
	await answeredPage(inspector, coalition, browser);
	await peoplePages(inspector, coalition, browser);
	const { findings, visited } = inspector;
	const missed = routes().filter((route) => !visited.some((seen) => new RegExp(`^GET ${route.replaceAll('*', '[^/]+')}$`).test(seen)));
	tap.none('every page of both route tables was looked at', missed);
	tap.ok(`they are many: ${inspector.count} pages in all their states`, inspector.count > 60);
	tap.none('each can be used by everybody: axe-core at WCAG 2.1 AA finds nothing, in light and dark, on phone and laptop', findings.axe);
	tap.none('each is right HTML', findings.html);
	tap.none('none is wider than its screen, at 320, 360 and 1280 pixels', findings.overflow);
	tap.none('nor with letters of twice the size at 640 pixels', findings.large);
	tap.none('whatever is pressed or filled in is at least 44 pixels high', findings.targets);
	tap.none('the public pages’ titles tell nothing', findings.titles);
});
