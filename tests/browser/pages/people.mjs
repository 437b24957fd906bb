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
	const provider = await directory(walk);
	const sent = await referrals(walk, coalition, provider);
	await asProvider(browser, inspector, hq, passphrase, (theirs) => answers(theirs, sent));
	await walk.go('/lock');
	await walk.look('lock');
	await walk.send('Lock now');
	await walk.look('locked');
	await walk.leave();
}
