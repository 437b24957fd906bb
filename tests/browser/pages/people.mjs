// What only a coordinator sees, and a provider.
import { answers, directory, referrals } from './referrals.mjs';
import { Walker } from '../walker.mjs';

async function asProvider(browser, inspector, { office }, passphrase, act) {
	const walk = await Walker.arrive(browser, inspector, office);
	await walk.signIn('okot', passphrase);
	await act(walk);
	await walk.go('/reports');
	await walk.look('not-allowed');
	await walk.leave();
}

// What headquarters adds to a code list.
async function codeLists(walk) {
	await walk.show('codes', '/codes');
	await walk.show('codes-none', '/codes/professions');
	await walk.press('Add to the list');
	await walk.look('code-new');
	await walk.send('Save', { label: 'lawyer' });
	await walk.look('code-wrong');
	await walk.send('Save', { label: 'Community mediator trained by the district', parent: 'paralegal' });
	await walk.look('codes-list');
	await walk.press('Community mediator');
	await walk.look('code');
	await walk.press('History');
	await walk.look('code-history');
}

// What only a coordinator sees, and somebody with whom nothing is shared; locking ends it.
export async function peoplePages(browser, inspector, coalition) {
	const { hq } = coalition;
	const walk = await Walker.arrive(browser, inspector, hq.office);
	await walk.signIn(hq.user, hq.passphrase);
	await walk.go('/users');
	await walk.look('people');
	await walk.go('/users/new');
	await walk.look('person-new');
	await walk.send('Add them', { name: 'Doctor Who' });
	await walk.look('person-wrong');
	await walk.send('Add them', { name: 'okot', role: 'provider', passphrase: hq.passphrase });
	await walk.look('person-words');
	const passphrase = (await walk.page.locator('.code').innerText()).trim();
	await walk.go('/users/okot');
	await walk.look('person');
	await walk.send('Do it');
	await walk.look('person-nothing');
	await walk.go(`/users/${hq.user}`);
	await walk.look('person-me');
	await asProvider(browser, inspector, hq, passphrase, (theirs) => theirs.look('provider'));
	await codeLists(walk);
	const provider = await directory(walk);
	const sent = await referrals(walk, coalition, provider);
	await asProvider(browser, inspector, hq, passphrase, (theirs) => answers(theirs, sent));
	await walk.go('/lock');
	await walk.look('lock');
	await walk.send('Lock now');
	await walk.look('locked');
	await walk.leave();
}
