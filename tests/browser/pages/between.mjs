// What happens between two hubs: they disagree; a case goes from one to the other.
import { Walker } from '../walker.mjs';

// Both change the risk without having seen the other's change.
export async function disagree(walk, coalition, report) {
	const { hq } = coalition;
	const other = await Walker.arrive(walk.browser, walk.inspector, hq.office);
	await other.signIn(hq.user, hq.passphrase);
	for (const [where, risk] of [[walk, 'high'], [other, 'low']]) {
		await where.go(`/cases/${report}/edit`);
		await where.send('Save', { risk });
	}
	await other.leave();
	await coalition.syncAll();
}

// A case goes from Gulu to headquarters, which has not read what Gulu wrote meanwhile.
export async function betweenHubs(walk, coalition, report) {
	const { hq } = coalition;
	const address = `/cases/${report}`;
	await walk.go(`${address}/sharing`);
	await walk.look('sharing');
	await walk.send('Save', { why: '' });
	await walk.look('sharing-wrong');
	await walk.send('Save', { why: 'Headquarters writes to the ministry.' });
	await walk.look('case-shared');
	await walk.go(`${address}/transfer`);
	await walk.look('transfer');
	await walk.send('Offer the case');
	await walk.look('transfer-wrong');
	const offer = async () => walk.send('Offer the case', { to: await walk.page.locator('[name=to]').first().getAttribute('value'), reason: 'She has moved to the capital.' });
	await offer();
	await walk.look('case-offered');
	await walk.go(`${address}/transfer`);
	await walk.look('transfer-open');
	await walk.send('Withdraw the offer');
	await walk.go(`${address}/transfer`);
	await offer();
	await walk.go('/transfers');
	await walk.look('transfers-ours');
	await coalition.syncAll();

	const other = await Walker.arrive(walk.browser, walk.inspector, hq.office);
	await other.signIn(hq.user, hq.passphrase);
	await other.look('today-offered');
	await other.go('/transfers');
	await other.look('transfers');
	await other.press(other.page.getByRole('link', { name: 'from Gulu' }));
	await other.look('transfer-answer');
	await other.send('Send the answer', { kind: 'declined' });
	await other.look('transfer-answer-wrong');
	await other.send('Send the answer', { kind: 'accepted' });
	await walk.go(address);
	await walk.send('Add the note', { text: 'She called from a borrowed phone.' });
	await coalition.syncAll();
	await walk.go(address);
	await walk.look('case-given');
	await coalition.syncAll();
	await other.go(`/cases/${report}`);
	await other.look('case-taken');
	await other.go(`/cases/${report}/late`);
	await other.look('late');
	await other.send('Take it over');
	await other.look('late-decided');
	await other.leave();
}
