// What a reporter meets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../browser.mjs';
import { Walker } from '../walker.mjs';

// What is answered to each question of the form; "what" is left out at first.
const FORM = [['danger', { danger: 'yes' }], ['what', {}], ['who', { who: 'me' }], ['when', { about: 'unknown' }], ['where', { district: 'Gulu' }],
	['by', { by_unknown: 'yes' }], ['needs', { needs: 'legal' }], ['contact', { contact: 'after six', consent: 'ask', closed: 'no' }]];

// A photo of which the hub reads no more than what is typed before it.
async function tooLarge(walk) {
	const folder = mkdtempSync(join(tmpdir(), 'engabo-'));
	const photo = join(folder, 'IMG_1.jpg');
	writeFileSync(photo, Buffer.alloc(12e6));
	await walk.send('Send the photo', { photo });
	await until('that it is too large, behind the code', async () => /Your messages.*too large/.test(await walk.words()));
	rmSync(folder, { recursive: true });
}

// From the Wi-Fi's first page to the code, and back with it; answers that code.
export async function publicPages(browser, inspector, { gulu: { form, welcome } }) {
	const walk = await Walker.arrive(browser, inspector, form, 'form');

	await walk.go(welcome);
	await walk.look('welcome-http');
	await walk.go('/');
	await walk.look('welcome');
	for (const name of ['privacy', 'safety', 'help', 'leave', 'messages', 'nowhere']) {
		await walk.go(`/${name}`);
		await walk.look(name);
	}
	for (const name of ['connect', 'connect/browser', 'connect/stayed', 'connect/poster']) {
		await walk.go(`${welcome}/${name}`);
		await walk.look(name.replace('/', '-'));
	}
	await walk.go(`${welcome}/connect/staff`);
	await walk.look('connect-staff');
	await walk.go('/connect/staff/check');
	await walk.look('connect-staff-check');
	await walk.go('/form/send');
	await walk.look('0-start');
	await walk.go('/?l=en');
	await walk.press('Start');
	for (const [name, answers] of FORM) {
		await walk.look(`question-${name}`);
		await walk.fill(answers);
		await walk.turn(walk.page.locator(`#${name}`).getByRole('link', { name: 'Continue' }));
	}
	await walk.look('check-empty');
	await walk.send('Send', { day: '31', month: '2', year: '2026', place: 'x'.repeat(500) });
	await walk.look('check-wrong');
	await walk.turn(walk.page.locator('.problems').getByRole('link', { name: /^When/ }));
	await walk.look('question-when-wrong');
	await walk.fill({ day: '20', month: '11' });
	await walk.turn(walk.page.locator('#when').getByRole('link', { name: 'Continue' }));
	await walk.fill({ place: 'Layibi, behind the market' });
	await walk.turn(walk.page.locator('#where').getByRole('link', { name: 'Skip' }));
	await walk.fill({ what: 'Two men ask for me at the gate. They know which road my children walk to school, and they came back tonight.' });
	await walk.look('check');
	const token = walk.page.locator('[name=token]');
	await token.evaluate((one) => { one.value = one.value.replace(/.$/, (c) => (c === '0' ? '1' : '0')); });
	await walk.send('Send');
	await walk.look('check-again');
	await walk.send('Send');
	const code = (await walk.words()).match(/\d{4}(?: \d{4}){4}/)[0];
	await walk.look('done');
	await walk.go(`/done/${'0'.repeat(20)}`);
	await walk.look('done-nowhere');
	await walk.go('/messages');
	await walk.send('Open', { code: '1234' });
	await walk.look('messages-wrong');
	await walk.send('Open', { code });
	await walk.look('messages-open');
	await walk.send('Send', { text: 'They came again. I go to my sister now.' });
	await walk.look('messages-sent');
	await walk.press('Back to your messages');
	await walk.send('Send', { text: '' });
	await walk.look('messages-wrong-text');
	await tooLarge(walk);
	await walk.look('messages-wrong-photo');
	await walk.leave();
	return code;
}

// The reporter reads what the office has answered.
export async function answeredPage(browser, inspector, { gulu: { form } }, code) {
	const walk = await Walker.arrive(browser, inspector, form, 'form');
	await walk.go('/messages');
	await walk.send('Open', { code });
	await walk.look('messages-answered');
	await walk.leave();
}
