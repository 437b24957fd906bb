// Learning to work with it, and what is printed.

// Learning it: help, the first hour, made-up cases that leave no trace, and what is printed.
export async function learning(walk, report) {
	for (const name of ['help', 'start', 'practice', 'guide/coordinator', 'guide/officer', 'guide/provider', 'guide/facilitator', `cases/${report}/print`]) {
		await walk.go(`/${name}`);
		await walk.look(name.replace(/[^a-z]+.*/, '') + (name.startsWith('guide') ? name.slice(5).replace('/', '-') : ''));
		if (!name.startsWith('guide/') && !name.endsWith('/print'))
			continue;
		const sheets = await walk.page.evaluate(() => document.querySelectorAll('article').length);
		const pages = (await walk.page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type\s*\/Page\b/g).length;
		await walk.must(`${name} is two sheets, not ${sheets}, and prints two pages, not ${pages}`, !sheets || (sheets === 2 && pages === 2));
		await walk.page.emulateMedia({ media: 'print' });
		const cut = await walk.page.evaluate(() => [...document.querySelectorAll('article')].some((one) => one.scrollHeight > one.clientHeight + 1));
		await walk.page.emulateMedia({ media: null });
		await walk.must(`${name} fits its sheets`, !cut);
	}
	const before = await walk.words();
	await walk.go('/practice');
	await walk.send('Begin to practise');
	await walk.look('practice-today');
	await walk.go('/cases');
	await walk.press(walk.page.getByRole('link', { name: 'Heron (practice)' }));
	await walk.look('practice-case');
	await walk.send('Add the note', { text: 'Nobody will ever read this.' });
	await walk.go('/users');
	await walk.must('practice opens no page of the real hub', (await walk.words()).includes('leave practice first'));
	await walk.send('Leave practice');
	await walk.go('/search?q=nobody');
	await walk.must('nothing that was tried in practice is there', !(await walk.words()).includes('ever read this') && !before.includes('practice'));
}
