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

// What a case consists of beside actions and follow-ups: each added, with what can be wrong with it; who somebody is, only for a reason.
async function parts(page, look, address) {
	const open = (kind) => page.goto(`${address}/${kind}/new`);

	await open('contacts');
	await look('contact-new');
	await send(page, 'Save', { channel: 'call', address: '0700 000 000', phrase: 'Is the maize ready?', never_message: 'yes', holders: 'Her brother in the evening' });
	await open('incidents');
	await look('incident-new');
	await send(page, 'Save', { act: '02010302', when: inDays(3), text: 'A note under the door.' });
	await look('incident-wrong');
	await send(page, 'Save', { when: inDays(-3) });
	await open('plans');
	await send(page, 'Save', { at_risk: 'both', measures: 'She sleeps at her sister\u2019s.', personnel: 'Two guards', review: inDays(7) });
	await look('plan-wrong');
	await send(page, 'Save', { personnel_why: 'The men came with a panga.', personnel_agreed: 'She, and the coordinator' });
	await open('consents');
	await send(page, 'Save', { purpose: 'Legal help', to_whom: 'A lawyer of the network', how: 'spoken', given: inDays(-1), withdrawn: inDays(-2) });
	await look('consent-wrong');
	await send(page, 'Save', { withdrawn: '' });
	await open('files');
	await look('files-new');
	await send(page, 'Add the files', { name: '' });
	await look('files-wrong');
	await page.locator('#file').setInputFiles({ name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 a letter') });
	await send(page, 'Add the files', { name: 'Letter of the court' });
	await open('people');
	await look('person-new');
	await send(page, 'Save', { part: 'defender', names: 'Aber Santa Grace', age: '30-49' });
	if ((await words(page)).includes('Aber Santa'))
		throw new Error('the page of the case names a person');
	await press(page, page.getByRole('link', { name: 'Defender' }));
	await look('person-why');
	await send(page, 'Show it', { why: '' });
	await look('person-why-wrong');
	await send(page, 'Show it', { why: 'To write the letter to the court' });
	await look('person');
	if (await page.locator('#names').inputValue() !== 'Aber Santa Grace')
		throw new Error('the name is not shown to whoever said why');
}

// Learning it: help, the first hour, made-up cases that leave no trace, and what is printed.
async function learning(page, look, gulu, report) {
	for (const name of ['help', 'start', 'practice', 'guide/coordinator', 'guide/officer', 'guide/provider', 'guide/facilitator', `cases/${report}/print`]) {
		await page.goto(`${gulu.office}/${name}`);
		await look(name.replace(/[^a-z]+.*/, '') + (name.startsWith('guide') ? name.slice(5).replace('/', '-') : ''));
		if (!name.startsWith('guide/') && !name.endsWith('/print'))
			continue;
		const sheets = await page.evaluate(() => document.querySelectorAll('article').length);
		const pages = (await page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type\s*\/Page\b/g).length;
		if (sheets && (sheets !== 2 || pages !== 2))
			throw new Error(`${name} has ${sheets} sheets and prints ${pages} pages`);
		await page.emulateMedia({ media: 'print' });
		const cut = await page.evaluate(() => [...document.querySelectorAll('article')].some((one) => one.scrollHeight > one.clientHeight + 1));
		await page.emulateMedia({ media: null });
		if (cut)
			throw new Error(`${name} does not fit its sheet`);
	}
	const before = await words(page);
	await page.goto(`${gulu.office}/practice`);
	await send(page, 'Begin to practise');
	await look('practice-today');
	await page.goto(`${gulu.office}/cases`);
	await press(page, page.getByRole('link', { name: 'Heron (practice)' }));
	await look('practice-case');
	await send(page, 'Add the note', { text: 'Nobody will ever read this.' });
	await page.goto(`${gulu.office}/users`);
	if (!(await words(page)).includes('leave practice first'))
		throw new Error('practice opens a page of the real hub');
	await send(page, 'Leave practice');
	await page.goto(`${gulu.office}/search?q=nobody`);
	if ((await words(page)).includes('ever read this') || before.includes('practice'))
		throw new Error('what was tried in practice is still there');
}

// What becomes of a case, on one of its own: the risk, a follow-up that was missed, closing with something still owed, opening again; the same as another; a report
// added to it. `first`: the key of a case that goes on.
async function states(page, look, office, first) {
	const record = async (what) => {
		await page.goto(`${office}/reports/new`);
		await send(page, 'Save the report', { what, how: 'visit', danger: 'no' });
		return keyIn(page);
	};
	const report = await record('The same two men at her sister\u2019s');
	const address = `${office}/cases/${report}`;
	await page.goto(`${office}/reports/${report}/case`);
	await send(page, 'Open the case', { alias: 'Weaver', risk: 'low' });
	const ref = (await words(page)).match(/GUL-[0-9A-Z]{5}/)[0];
	await send(page, 'Work on it has begun');
	await press(page, page.getByRole('link', { name: 'Assess the risk' }));
	await look('risk');
	await send(page, 'Propose a risk', { threats: 'high' });
	await look('risk-wrong');
	await send(page, 'Propose a risk', { vulnerabilities: 'high', capacities: 'low' });
	await look('risk-proposed');
	await send(page, 'Save the risk', { risk: 'medium' });
	await look('risk-otherwise');
	await send(page, 'Save the risk', { why: 'They have left the town.', review: inDays(-1) });
	await send(page, 'Save the risk');
	await page.goto(`${address}/followups/new`);
	await send(page, 'Save', { due: inDays(-2), how: 'A visit' });
	await send(page, 'Save');
	await page.goto(`${address}/actions/new`);
	await send(page, 'Save', { what: 'Ask the chairperson for a letter', who: 'akello', agreed: inDays(-9), due: inDays(-4) });
	await send(page, 'Save');
	await page.goto(office);
	await look('today-owed');
	await page.goto(`${office}/?all=1`);
	await page.locator('summary', { hasText: 'Put these days' }).click();
	await look('today-owed-all');
	await press(page, page.getByRole('link', { name: 'Follow-up: A visit' }));
	await look('followup-missed');
	await press(page, page.getByRole('link', { name: 'It was not made' }));
	await look('missed');
	await send(page, 'Save', { due: inDays(-1) });
	await look('missed-wrong');
	await send(page, 'Save', { missed: 'The road was closed.', due: inDays(1) });
	await look('case-assessed');
	await press(page, page.getByRole('link', { name: 'Close the case' }));
	await look('close');
	await send(page, 'Close the case', { outcome: 'She is with her family.' });
	await look('close-wrong');
	await send(page, 'Close the case', { reason: 'She went abroad.', rest: 'keep', retention: inDays(-1) });
	await send(page, 'Close the case');
	await look('case-closed');
	await page.goto(`${address}/edit`);
	await look('case-closed-edit');
	await page.goto(office);
	await look('today-past');
	await press(page, page.getByRole('link', { name: 'Look at them' }));
	await look('cases-past');
	await page.goto(`${address}/reopen`);
	await look('reopen');
	await send(page, 'Open it again');
	await look('reopen-wrong');
	await send(page, 'Open it again', { why: 'She came back.' });
	await press(page, page.getByRole('link', { name: 'The same as another case' }));
	await look('duplicate');
	await send(page, 'It is the same', { ref });
	await look('duplicate-wrong');
	await page.goto(`${office}/cases/${first}`);
	const other = (await words(page)).match(/GUL-[0-9A-Z]{5}/)[0];
	await page.goto(`${address}/duplicate`);
	await send(page, 'It is the same', { ref: other, rest: 'drop' });
	await look('case-with-duplicate');
	await page.goto(address);
	await look('case-duplicate');
	await page.goto(`${office}/reports/${await record('They asked at the shop again')}`);
	await page.locator('summary', { hasText: 'Add it to a case' }).click();
	await send(page, 'Add it', { ref });
	await look('report-add-wrong');
	await send(page, 'Add it', { ref: other });
	await look('case-with-reports');
	await press(page, page.locator('main').getByRole('link', { name: /20\d\d, \d\d:\d\d/ }));
	await look('report-added');
}

// A referral in its three steps, in spite of a conflict of interest; the slip, its one-time code in another browser, and taking it back.
async function refer(page, look, coalition, browser, inspector, report) {
	const { gulu } = coalition;
	const tick = async (field, value) => {
		await page.locator(`#${field} summary`).click();
		await page.locator(`[name="${field}"][value="${value}"]`).check();
	};

	await page.goto(`${gulu.office}/users/new`);
	await send(page, 'Add them', { name: 'lakot', role: 'officer', passphrase: gulu.passphrase });
	const passphrase = (await page.locator('.code').innerText()).trim();
	await page.goto(`${gulu.office}/providers/new`);
	await tick('services', 'police');
	await send(page, 'Save', { name: 'Inspector Ojok', profession: 'police-liaison', organisation: 'Gulu Police', contact: 'Ask at the gate for the inspector.' });
	await page.goto(`${gulu.office}/cases/${report}`);
	await press(page, page.getByRole('link', { name: 'Refer to a provider' }));
	await look('refer');
	await send(page, 'Search', { service: 'publicity' });
	await look('refer-nobody');
	await send(page, 'Search', { service: 'police' });
	await press(page, page.getByRole('link', { name: /^Inspector Ojok/ }));
	await look('refer-form');
	await send(page, 'See what they will see', { reason: 'They wait at her gate each night.' });
	await look('refer-form-wrong');
	await fill(page, { service: 'police', urgency: 'urgent', appointment: 'Thursday at nine, at the office', consent: 'new' });
	for (const box of ['ref', 'summary', 'safe_contact', 'plan'])
		await page.locator(`[name=along][value=${box}]`).check();
	await page.locator('[name=along][value^="names."]').check();
	if (!await page.locator('#purpose').isVisible())
		await page.locator('summary', { hasText: 'The new consent' }).click();
	await tick('agencies', '010104');
	await send(page, 'See what they will see', { purpose: 'Protection at night', to_whom: 'The police in Gulu', how: 'spoken', given: inDays(-1) });
	await look('refer-look');
	if (!(await words(page)).includes('Aber Santa Grace'))
		throw new Error('the preview does not show what they will see');
	await send(page, 'Change something');
	await look('refer-form-again');
	await send(page, 'See what they will see');
	await send(page, 'Send it', { second: 'lakot', passphrase: 'not this one' });
	await look('refer-look-wrong');
	await send(page, 'Send it', { override_why: 'Nobody else is there at night.', passphrase });
	await look('slip');
	await send(page, 'Show the slip', { details: 'reason', code: 'new' });
	await look('slip-code');
	await page.emulateMedia({ media: 'print' });
	if (await page.getByRole('button', { name: 'Show the slip' }).isVisible())
		throw new Error('what is below the slip is printed');
	await page.emulateMedia({ media: 'screen' });
	await openByCode(inspector, browser, gulu, (await page.locator('.code').innerText()).trim());
	await page.goto(`${gulu.office}/cases/${report}`);
	await look('case-referred');
	await press(page, page.getByRole('link', { name: 'Withdraw it' }));
	await look('withdraw');
	await send(page, 'Withdraw it');
	await look('withdraw-wrong');
	await send(page, 'Withdraw it', { withdrawn_why: 'She sleeps elsewhere now.' });
	await look('case-withdrawn');
}

// Whoever holds the slip, in a browser where nobody is signed in.
async function openByCode(inspector, browser, { office }, code) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	const look = (name) => inspector.look(page, `office-${name}`, false);
	inspector.watch(page);
	await page.goto(`${office}/login`);
	await press(page, page.getByRole('link', { name: 'I have a slip with a one-time code' }));
	await look('code');
	await send(page, 'Open', { code: 'task jigsaw oyster tub icicle armchair falcon task' });
	await look('code-wrong');
	await send(page, 'Open', { code });
	await look('code-referral');
	await send(page, 'Send the answer');
	await look('code-referral-wrong');
	await send(page, 'Send the answer', { kind: 'accepted', text: 'A patrol comes by at ten.' });
	await look('code-referral-accepted');
	await context.close();
}

// A case goes from Gulu to headquarters, which has not read what Gulu wrote meanwhile.
async function betweenHubs(inspector, coalition, browser, page, look, report) {
	const { gulu, hq } = coalition;
	const address = `${gulu.office}/cases/${report}`;
	await page.goto(`${address}/sharing`);
	await look('sharing');
	await send(page, 'Save', { why: '' });
	await look('sharing-wrong');
	await page.goto(`${address}/transfer`);
	await look('transfer');
	await send(page, 'Offer the case');
	await look('transfer-wrong');
	await send(page, 'Offer the case', { to: await page.locator('[name=to]').first().getAttribute('value'), reason: 'She has moved to the capital.' });
	await look('case-offered');
	await page.goto(`${address}/transfer`);
	await look('transfer-open');
	await page.goto(`${gulu.office}/transfers`);
	await look('transfers-ours');
	await coalition.syncAll();

	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const other = await context.newPage();
	const lookThere = (name) => inspector.look(other, `office-${name}`, false);
	inspector.watch(other);
	await signIn(other, hq);
	await lookThere('today-offered');
	await other.goto(`${hq.office}/transfers`);
	await lookThere('transfers');
	await press(other, other.getByRole('link', { name: 'from Gulu' }));
	await lookThere('transfer-answer');
	await send(other, 'Send the answer', { kind: 'declined' });
	await lookThere('transfer-answer-wrong');
	await send(other, 'Send the answer', { kind: 'accepted' });
	await page.goto(address);
	await send(page, 'Add the note', { text: 'She called from a borrowed phone.' });
	await coalition.syncAll();
	await page.goto(address);
	await look('case-given');
	await coalition.syncAll();
	await other.goto(`${hq.office}/cases/${report}`);
	await lookThere('case-taken');
	await other.goto(`${hq.office}/cases/${report}/late`);
	await lookThere('late');
	await send(other, 'Take it over');
	await lookThere('late-decided');
	await context.close();
}

// Who may see a case, and who saw it: the form's part on it, the marks, the audit trail.
async function audit(page, look, office, report) {
	await page.goto(`${office}/cases/${report}/edit`);
	await send(page, 'Save', { team: 'legla' });
	await look('case-team-wrong');
	await send(page, 'Save', { team: '', restricted: 'yes' });
	await look('case-restricted');
	await page.goto(`${office}/cases`);
	await look('cases-restricted');
	await press(page, page.getByRole('link', { name: 'Audit' }));
	await look('audit');
	await page.goto(`${office}/audit?record=${report}&day=2020-01-01`);
	await look('audit-nothing');
	await page.goto(`${office}/audit?record=GUL-00000&day=2020-02-31`);
	await look('audit-wrong');
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
	await send(page, 'Save', { what: 'Walk home with her this week', who: 'akello', agreed: inDays(-5), due: inDays(-3) });
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
	await parts(page, look, `${gulu.office}/cases/${report}`);
	await refer(page, look, coalition, browser, inspector, report);
	await page.goto(`${gulu.office}/cases/${report}`);
	await send(page, 'Add the note', { text: '' });
	await look('note-wrong');
	await send(page, 'Add the note', { text: 'Her sister in Layibi knows and keeps the spare key.' });
	await look('case');
	await show('case-edit', `/cases/${report}/edit`);
	await send(page, 'Save', { alias: 'x'.repeat(400) });
	await look('case-edit-wrong');
	await show('reports-all', '/reports?all=1');
	await learning(page, look, gulu, report);
	await states(page, look, gulu.office, report);

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
	await audit(page, look, gulu.office, report);
	await show('nowhere', '/nowhere');
	await show('case-nowhere', `/cases/${'a'.repeat(16)}.${'0'.repeat(26)}`);
	await page.goto(`${gulu.office}/cases/${report}/edit`);
	await page.locator('main [name=csrf]').evaluate((one) => { one.value = 'stale'; });
	await send(page, 'Save', { alias: 'Crane' });
	await look('stale-form');
	await betweenHubs(inspector, coalition, browser, page, look, report);
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
	await providerPages(inspector, coalition, browser, passphrase, (theirs, see) => see('provider'));
	const provider = await directory(page, look, coalition);
	const sent = await referrals(page, look, coalition, provider);
	await providerPages(inspector, coalition, browser, passphrase, (theirs, see) => answers(theirs, see, hq.office, sent));
	await page.goto(`${hq.office}/lock`);
	await look('lock');
	await send(page, 'Lock now');
	await look('locked');
	await context.close();
}

// What headquarters adds to a code list.
async function codeLists(page, look, hq) {
	await page.goto(`${hq.office}/codes`);
	await look('codes');
	await page.goto(`${hq.office}/codes/professions`);
	await look('codes-none');
	await press(page, page.getByRole('link', { name: 'Add to the list' }));
	await look('code-new');
	await send(page, 'Save', { label: 'lawyer' });
	await look('code-wrong');
	await send(page, 'Save', { label: 'Community mediator trained by the district', parent: 'paralegal' });
	await look('codes-list');
	await press(page, page.getByRole('link', { name: 'Community mediator' }));
	await look('code');
	await press(page, page.getByRole('link', { name: 'History' }));
	await look('code-history');
}

// Principles and the directory, as headquarters writes them; answers the key of the provider who signs in as okot.
async function directory(page, look, { hq }) {
	await page.goto(`${hq.office}/principles`);
	await look('principles-none');
	await press(page, page.getByRole('link', { name: 'Write them' }));
	await look('principles-write');
	await send(page, 'Save');
	await look('principles');
	await codeLists(page, look, hq);
	await page.goto(`${hq.office}/providers`);
	await look('providers-none');
	await press(page, page.getByRole('link', { name: 'Add a provider' }));
	await look('provider-new');
	await page.locator('#services summary').click();
	await send(page, 'Save', { profession: 'doctor', services: 'medical', vetted_on: inDays(3) });
	await look('provider-wrong');
	await send(page, 'Save', { name: 'Doctor Auma', vetted_by: 'Namata', vetted_on: inDays(-300), user: 'okot', languages: 'Acholi, English', capacity: 'few',
		contact: 'Her clinic, in the mornings.\nNever at home.' });
	await look('provider');
	const provider = keyIn(page);
	await press(page, page.getByRole('link', { name: 'Change the entry' }));
	await look('provider-edit');
	await page.goto(`${hq.office}/providers/new`);
	await page.locator('#services summary').click();
	await send(page, 'Save', { name: 'Advocate Opio', profession: 'lawyer', services: 'legal' });
	await page.goto(`${hq.office}/providers`);
	await look('providers');
	await send(page, 'Find', { service: 'medical', language: 'acholi' });
	await look('providers-found');
	await page.goto(`${hq.office}/history/provider/${provider}`);
	await look('history-provider');
	await page.goto(`${hq.office}/referrals`);
	await look('referrals-none');
	return provider;
}

// A referral to that provider: what they see and answer, and what staff write down for them.
async function referrals(page, look, coalition, provider) {
	const { hq } = coalition;
	const in_case = await coalition.order(`write hq ${JSON.stringify({ entity: 'case', set: { alias: 'Kingfisher', ref: 'KLA-7K2QX' } })}`);
	const set = { provider, hub: hq.log, service: 'medical', urgency: 'urgent', state: 'sent', sent_at: `${inDays(-9)}T09:00:00Z`, expires: inDays(90),
		reason: 'She needs a doctor who writes a report.', consent_text: 'A doctor may know her name and her injuries.', alias: 'Kingfisher', ref: 'KLA-7K2QX',
		summary: 'Beaten on the way home.\nTwo men, one motorcycle.', safe_contact: 'After six; say it is about the seeds.' };
	const key = await coalition.order(`write hq ${JSON.stringify({ entity: 'referral', case: in_case, set })}`);
	const over = await coalition.order(`write hq ${JSON.stringify({ entity: 'referral', case: in_case, set: { ...set, state: 'withdrawn', withdrawn_why: 'She changed her mind.' } })}`);

	await page.goto(`${hq.office}/referrals`);
	await look('referrals-sent');
	await page.goto(`${hq.office}/referrals/${key}`);
	await look('referral-sent');
	await page.goto(`${hq.office}/referrals/${key}/reply/accept`);
	await look('reply-told');
	return { key, over };
}

async function answers(page, look, office, { key, over }) {
	await page.goto(office);
	await look('provider-today');
	await page.goto(`${office}/referrals`);
	await look('provider-referrals');
	await press(page, page.getByRole('link', { name: /^Medical/ }).first());
	await look('principles-due');
	await send(page, 'Save');
	await look('principles-wrong');
	await page.goto(`${office}/principles?next=/referrals/${key}`);
	await send(page, 'Save', { accept: 'yes' });
	await look('referral');
	await press(page, page.getByRole('link', { name: 'Propose a colleague' }));
	await look('reply-propose');
	await send(page, 'Propose', { text: 'It is a court matter.' });
	await look('reply-propose-wrong');
	await page.goto(`${office}/referrals/${key}/reply/decline`);
	await look('reply-decline');
	await page.goto(`${office}/referrals/${key}/reply/accept`);
	await look('reply-accept');
	await send(page, 'Accept', { next: inDays(-2) });
	await look('reply-accept-wrong');
	await send(page, 'Accept', { next: inDays(7) });
	await look('referral-accepted');
	await page.goto(`${office}/referrals/${key}/reply/finish`);
	await send(page, 'Finish', { text: 'She has the report.\nShe comes again in spring.' });
	await look('referral-done');
	await page.goto(`${office}/referrals/${over}`);
	await look('referral-withdrawn');
	await press(page, page.getByRole('link', { name: 'My entry' }));
	await look('provider-own');
	await press(page, page.getByRole('link', { name: 'Change the entry' }));
	await look('provider-own-edit');
}

async function providerPages(inspector, { hq }, browser, passphrase, answer) {
	const context = await person(browser, LAPTOP, { bypassCSP: true });
	const page = await context.newPage();
	inspector.watch(page);
	await signIn(page, { office: hq.office, user: 'okot', passphrase });
	await answer(page, (name) => inspector.look(page, `office-${name}`, false));
	await page.goto(`${hq.office}/reports`);
	await inspector.look(page, 'office-not-allowed', false);
	await context.close();
}

// The routes of both tables that show a page, as patterns; a * stands for one part.
function routes() {
	const office = [...read('web/office/routes.c').matchAll(/\{GET, "([^"]+)"/g)].map((m) => m[1]);
	const intake = [...read('web/intake/role.c').matchAll(/\{METHOD_GET, "([^"]+)"/g)].map((m) => m[1]);
	return [...office, ...intake].filter((path) => !/healthz|static|svg|crt|photo|ics/.test(path));
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
