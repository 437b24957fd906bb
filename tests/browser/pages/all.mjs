// Every page of both roles in all its states, in one walk: what a reporter meets, then the office of a hub, then what is headquarters' and a provider's.
import { officePages } from './office.mjs';
import { peoplePages } from './people.mjs';
import { answeredPage, publicPages } from './public.mjs';

export async function allPages(browser, inspector, coalition) {
	const code = await publicPages(browser, inspector, coalition);
	await officePages(browser, inspector, coalition);
	await answeredPage(browser, inspector, coalition, code);
	await peoplePages(browser, inspector, coalition);
}
