// The directory, and a referral as both of its sides meet it.
import { inDays, Walker } from '../walker.mjs';

// Principles and the directory, as headquarters writes them; answers the key of the provider who signs in as okot.
export async function directory(walk) {
	await walk.go('/principles');
	await walk.look('principles-none');
	await walk.press('Write them');
	await walk.look('principles-write');
	await walk.send('Save');
	await walk.look('principles');
	await walk.go('/providers');
	await walk.look('providers-none');
	await walk.press('Add a provider');
	await walk.look('provider-new');
	await walk.among('services', 'medical');
	await walk.send('Save', { profession: 'doctor', vetted_on: inDays(3) });
	await walk.look('provider-wrong');
	await walk.send('Save', { name: 'Doctor Auma', vetted_by: 'Namata', vetted_on: inDays(-300), user: 'okot', languages: 'Acholi, English', capacity: 'few',
		contact: 'Her clinic, in the mornings.\nNever at home.' });
	await walk.look('provider');
	const provider = walk.key();
	await walk.press('Change the entry');
	await walk.look('provider-edit');
	await walk.go('/providers/new');
	await walk.among('services', 'legal');
	await walk.send('Save', { name: 'Advocate Opio', profession: 'lawyer' });
	await walk.go('/providers');
	await walk.look('providers');
	await walk.send('Find', { service: 'medical', language: 'acholi' });
	await walk.look('providers-found');
	await walk.go(`/history/provider/${provider}`);
	await walk.look('history-provider');
	await walk.go('/referrals');
	await walk.look('referrals-none');
	return provider;
}

// A referral in its three steps, in spite of a conflict of interest; the slip, its one-time code in another browser, and taking it back.
export async function refer(walk, coalition, report) {
	const { gulu } = coalition;
	await walk.go('/users/new');
	await walk.send('Add them', { name: 'lakot', role: 'officer', passphrase: gulu.passphrase });
	const passphrase = (await walk.page.locator('.code').innerText()).trim();
	await walk.go('/providers/new');
	await walk.among('services', 'police');
	await walk.send('Save', { name: 'Inspector Ojok', profession: 'police-liaison', organisation: 'Gulu Police', contact: 'Ask at the gate for the inspector.' });
	await walk.go(`/cases/${report}`);
	await walk.press('Refer to a provider');
	await walk.look('refer');
	await walk.send('Search', { service: 'publicity' });
	await walk.look('refer-nobody');
	await walk.send('Search', { service: 'police' });
	await walk.press(walk.page.getByRole('link', { name: /^Inspector Ojok/ }));
	const provider = walk.page.url().split('/').at(-1);
	await walk.look('refer-form');
	await walk.send('See what they will see', { reason: 'They wait at her gate each night.' });
	await walk.look('refer-form-wrong');
	await walk.fill({ service: 'police', urgency: 'urgent', appointment: 'Thursday at nine, at the office', consent: 'new' });
	await walk.fill({ along: ['ref', 'summary', 'safe_contact', 'plan'] });
	await walk.tick(walk.page.locator('[name=along][value^="names."]'));
	if (!await walk.page.locator('#purpose').isVisible())
		await walk.unfold('The new consent');
	await walk.among('agencies', '010104');
	await walk.send('See what they will see', { purpose: 'Protection at night', to_whom: 'The police in Gulu', how: 'spoken', given: inDays(-1) });
	await walk.look('refer-look');
	await walk.must('the preview shows what they will see', (await walk.words()).includes('Aber Santa Grace'));
	await walk.send('Change something');
	await walk.look('refer-form-again');
	await walk.send('See what they will see');
	await walk.send('Send it', { second: 'lakot', passphrase: 'not this one' });
	await walk.look('refer-look-wrong');
	await walk.send('Send it', { override_why: 'Nobody else is there at night.', passphrase });
	await walk.look('slip');
	await walk.send('Show the slip', { details: 'reason', code: 'new' });
	await walk.look('slip-code');
	await walk.page.emulateMedia({ media: 'print' });
	await walk.must('what is below the slip is not printed', !(await walk.page.getByRole('button', { name: 'Show the slip' }).isVisible()));
	await walk.page.emulateMedia({ media: 'screen' });
	await openByCode(walk.browser, walk.inspector, gulu.office, (await walk.page.locator('.code').innerText()).trim());
	await walk.go(`/cases/${report}`);
	await walk.look('case-referred');
	await walk.press('Withdraw it');
	await walk.look('withdraw');
	await walk.send('Withdraw it');
	await walk.look('withdraw-wrong');
	await walk.send('Withdraw it', { withdrawn_why: 'She sleeps elsewhere now.' });
	await walk.look('case-withdrawn');
	await withdrawConsent(walk, coalition, report, provider);
}

// A referral rests on the consent that the form wrote down, until the person takes that back.
async function withdrawConsent(walk, coalition, report, provider) {
	const link = walk.page.getByRole('link', { name: /^Protection at night/ });
	const consent = (await link.getAttribute('href')).split('/').at(-1);
	await coalition.order(`write gulu ${JSON.stringify({ entity: 'referral', case: report, set: { provider, service: 'police', urgency: 'normal', state: 'sent',
		sent_at: `${inDays(-1)}T09:00:00Z`, expires: inDays(90), consent, reason: 'A patrol by day.', consent_text: 'They may know where she lives.' } })}`);
	await walk.go(`/cases/${report}`);
	await walk.press(link);
	await walk.look('consent');
	await walk.send('Save', { withdrawn: inDays(0) });
	await walk.look('case-consent-withdrawn');
	await walk.must('withdrawn, the consent takes the referral with it', (await walk.words()).includes('The person no longer agrees to it.'));
}

// Whoever holds the slip, in a browser where nobody is signed in.
async function openByCode(browser, inspector, office, code) {
	const walk = await Walker.arrive(browser, inspector, office);
	await walk.go('/login');
	await walk.press('I have a slip with a one-time code');
	await walk.look('code');
	await walk.send('Open', { code: 'task jigsaw oyster tub icicle armchair falcon task' });
	await walk.look('code-wrong');
	await walk.send('Open', { code });
	await walk.look('code-referral');
	await walk.send('Send the answer');
	await walk.look('code-referral-wrong');
	await walk.send('Send the answer', { kind: 'accepted', text: 'A patrol comes by at ten.' });
	await walk.look('code-referral-accepted');
	await walk.leave();
}

// A referral to that provider: what they see and answer, and what staff write down for them.
export async function referrals(walk, coalition, provider) {
	const { hq } = coalition;
	const in_case = await coalition.order(`write hq ${JSON.stringify({ entity: 'case', set: { alias: 'Kingfisher', ref: 'KLA-7K2QX' } })}`);
	const set = { provider, hub: hq.log, service: 'medical', urgency: 'urgent', state: 'sent', sent_at: `${inDays(-9)}T09:00:00Z`, expires: inDays(90),
		reason: 'She needs a doctor who writes a report.', consent_text: 'A doctor may know her name and her injuries.', alias: 'Kingfisher', ref: 'KLA-7K2QX',
		summary: 'Beaten on the way home.\nTwo men, one motorcycle.', safe_contact: 'After six; say it is about the seeds.' };
	const key = await coalition.order(`write hq ${JSON.stringify({ entity: 'referral', case: in_case, set })}`);
	const over = await coalition.order(`write hq ${JSON.stringify({ entity: 'referral', case: in_case, set: { ...set, state: 'withdrawn', withdrawn_why: 'She changed her mind.' } })}`);

	const told = await coalition.order(`write hq ${JSON.stringify({ entity: 'referral', case: in_case, set })}`);

	await walk.go('/referrals');
	await walk.look('referrals-sent');
	await walk.go(`/referrals/${key}`);
	await walk.look('referral-sent');
	await walk.go(`/referrals/${told}/reply/accept`);
	await walk.look('reply-told');
	await walk.send('Accept', { next: inDays(7) });
	await walk.look('referral-told');
	return { key, over };
}

export async function answers(walk, { key, over }) {
	await walk.go('/');
	await walk.look('provider-today');
	await walk.go('/referrals');
	await walk.look('provider-referrals');
	await walk.press(walk.page.getByRole('link', { name: /^Medical/ }).first());
	await walk.look('principles-due');
	await walk.send('Save');
	await walk.look('principles-wrong');
	await walk.go(`/principles?next=/referrals/${key}`);
	await walk.send('Save', { accept: 'yes' });
	await walk.look('referral');
	await walk.press('Propose a colleague');
	await walk.look('reply-propose');
	await walk.send('Propose', { text: 'It is a court matter.' });
	await walk.look('reply-propose-wrong');
	await walk.go(`/referrals/${key}/reply/decline`);
	await walk.look('reply-decline');
	await walk.go(`/referrals/${key}/reply/accept`);
	await walk.look('reply-accept');
	await walk.send('Accept', { next: inDays(-2) });
	await walk.look('reply-accept-wrong');
	await walk.send('Accept', { next: inDays(7) });
	await walk.look('referral-accepted');
	await walk.go(`/referrals/${key}/reply/finish`);
	await walk.send('Finish', { text: 'She has the report.\nShe comes again in spring.' });
	await walk.look('referral-done');
	await walk.go(`/referrals/${over}`);
	await walk.look('referral-withdrawn');
	await walk.press('My entry');
	await walk.look('provider-own');
	await walk.press('Change the entry');
	await walk.look('provider-own-edit');
}
