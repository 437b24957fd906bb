// What a case consists of, and what becomes of it.
import { inDays } from '../walker.mjs';

// What a case consists of beside actions and follow-ups: each added, with what can be wrong with it; who somebody is, only for a reason.
export async function parts(walk, address) {
	const open = (kind) => walk.go(`${address}/${kind}/new`);

	await open('contacts');
	await walk.look('contact-new');
	await walk.send('Save', { channel: 'call', address: '0700 000 000', phrase: 'Is the maize ready?', never_message: 'yes', holders: 'Her brother in the evening' });
	await open('incidents');
	await walk.look('incident-new');
	await walk.send('Save', { act: '02010302', when: inDays(3), text: 'A note under the door.' });
	await walk.look('incident-wrong');
	await walk.send('Save', { when: inDays(-3) });
	await open('plans');
	await walk.send('Save', { at_risk: 'both', measures: 'She sleeps at her sister\u2019s.', personnel: 'Two guards', review: inDays(7) });
	await walk.look('plan-wrong');
	await walk.send('Save', { personnel_why: 'The men came with a panga.', personnel_agreed: 'She, and the coordinator' });
	await open('consents');
	await walk.send('Save', { purpose: 'Legal help', to_whom: 'A lawyer of the network', how: 'spoken', given: inDays(-1), withdrawn: inDays(-2) });
	await walk.look('consent-wrong');
	await walk.send('Save', { withdrawn: '' });
	await open('files');
	await walk.look('files-new');
	await walk.send('Add the files', { name: '' });
	await walk.look('files-wrong');
	await walk.send('Add the files', { name: 'Letter of the court', file: { name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 a letter') } });
	await walk.press('Take out');
	await walk.look('file-out');
	await walk.send('Take it out');
	await walk.look('file-out-wrong');
	await walk.send('Take it out', { text: 'It belongs to another case.' });
	await walk.must('the file is in the case no more', !(await walk.page.getByRole('link', { name: 'Letter of the court' }).count()));
	await open('people');
	await walk.look('person-new');
	await walk.send('Save', { part: 'defender', names: 'Aber Santa Grace', age: '30-49' });
	await walk.must('the page of the case names nobody', !((await walk.words()).includes('Aber Santa')));
	await walk.press('Defender');
	await walk.look('person-why');
	await walk.send('Show it', { why: '' });
	await walk.look('person-why-wrong');
	await walk.send('Show it', { why: 'To write the letter to the court' });
	await walk.look('person');
	await walk.must('the name is shown to whoever said why', await walk.page.locator('#names').inputValue() === 'Aber Santa Grace');
}

// What becomes of a case, on one of its own: the risk, a follow-up that was missed, closing with something still owed, opening again; the same as another; a report
// added to it. `first`: the key of a case that goes on.
export async function states(walk, first) {
	const record = async (what) => {
		await walk.go('/reports/new');
		await walk.send('Save the report', { what, how: 'visit', danger: 'no' });
		return walk.key();
	};
	const report = await record('The same two men at her sister\u2019s');
	const address = `/cases/${report}`;
	await walk.go(`/reports/${report}/case`);
	await walk.send('Open the case', { alias: 'Weaver', risk: 'low' });
	const ref = (await walk.words()).match(/GUL-[0-9A-Z]{5}/)[0];
	await walk.send('Work on it has begun');
	await walk.press('Assess the risk');
	await walk.look('risk');
	await walk.send('Propose a risk', { threats: 'high' });
	await walk.look('risk-wrong');
	await walk.send('Propose a risk', { vulnerabilities: 'high', capacities: 'low' });
	await walk.look('risk-proposed');
	await walk.send('Save the risk', { risk: 'medium' });
	await walk.look('risk-otherwise');
	await walk.send('Save the risk', { why: 'They have left the town.', review: inDays(-1) });
	await walk.send('Save the risk');
	await walk.go(`${address}/followups/new`);
	await walk.send('Save', { due: inDays(-2), how: 'A visit' });
	await walk.send('Save');
	await walk.go(`${address}/actions/new`);
	await walk.send('Save', { what: 'Ask the chairperson for a letter', who: 'akello', agreed: inDays(-9), due: inDays(-4) });
	await walk.send('Save');
	await walk.go('/');
	await walk.unfold('Put these days');
	await walk.look('today-owed');
	await walk.go('/?all=1');
	await walk.look('today-owed-all');
	await walk.press('Follow-up: A visit');
	await walk.look('followup-missed');
	await walk.press('It was not made');
	await walk.look('missed');
	await walk.send('Save', { due: inDays(-1) });
	await walk.look('missed-wrong');
	await walk.send('Save', { missed: 'The road was closed.', due: inDays(1) });
	await walk.look('case-assessed');
	await walk.press('Close the case');
	await walk.look('close');
	await walk.send('Close the case', { outcome: 'She is with her family.' });
	await walk.look('close-wrong');
	await walk.send('Close the case', { reason: 'She went abroad.', rest: 'keep', retention: inDays(-1) });
	await walk.send('Close the case');
	await walk.look('case-closed');
	await walk.go(`${address}/edit`);
	await walk.look('case-closed-edit');
	await walk.go('/');
	await walk.look('today-past');
	await walk.press('Look at them');
	await walk.look('cases-past');
	await walk.go(`${address}/reopen`);
	await walk.look('reopen');
	await walk.send('Open it again');
	await walk.look('reopen-wrong');
	await walk.send('Open it again', { why: 'She came back.' });
	await walk.press('The same as another case');
	await walk.look('duplicate');
	await walk.send('It is the same', { ref });
	await walk.look('duplicate-wrong');
	await walk.go(`/cases/${first}`);
	const other = (await walk.words()).match(/GUL-[0-9A-Z]{5}/)[0];
	await walk.go(`${address}/duplicate`);
	await walk.send('It is the same', { ref: other, rest: 'drop' });
	await walk.look('case-with-duplicate');
	await walk.go(address);
	await walk.look('case-duplicate');
	await walk.go(`/reports/${await record('They asked at the shop again')}`);
	await walk.unfold('Add it to a case');
	await walk.send('Add it', { ref });
	await walk.look('report-add-wrong');
	await walk.send('Add it', { ref: other });
	await walk.look('case-with-reports');
	await walk.press(walk.page.locator('main').getByRole('link', { name: /20\d\d, \d\d:\d\d/ }));
	await walk.look('report-added');
}

// Who may see a case, and who saw it: the form's part on it, the marks, the audit trail.
export async function audit(walk, report) {
	await walk.go(`/cases/${report}/edit`);
	await walk.send('Save', { team: 'legla' });
	await walk.look('case-team-wrong');
	await walk.send('Save', { team: '', restricted: 'yes' });
	await walk.look('case-restricted');
	await walk.go('/cases');
	await walk.look('cases-restricted');
	await walk.press('Audit');
	await walk.look('audit');
	await walk.go(`/audit?record=${report}&day=2020-01-01`);
	await walk.look('audit-nothing');
	await walk.go('/audit?record=GUL-00000&day=2020-02-31');
	await walk.look('audit-wrong');
}
