// One person alone with a cheap phone at the edge of the Wi-Fi: 3G's speed, a slow processor, no script, a connection that comes and goes, a thumb that taps
// twice. The browser keeps pages in memory for Back, as it does on phones (playwright would switch that off).
import { PHONE, person, until, visit } from './browser.mjs';
import { words } from './keyboard.mjs';

const FIRST_FLIGHT = 14 * 1024;
const SLOW = { offline: false, latency: 300, downloadThroughput: 50 * 1024, uploadThroughput: 25 * 1024, connectionType: 'cellular3g' };
const CODE = /\d{4} \d{4} \d{4} \d{4} \d{4}/;
const WHAT = 'They wait at the market road. I cannot go home.';
const QUESTIONS = [['danger', { danger: 'no' }], ['what', { what: WHAT }], ['who', { who: 'me' }], ['when', { about: 'days' }], ['where', { district: 'Gulu', place: 'Layibi' }],
	['by', { by: 'two men' }], ['needs', { needs: 'relocation' }], ['contact', { contact: 'after six', consent: 'ask' }]];

class Phone {
	static async borrow(browser) {
		const phone = new Phone();
		phone.context = await person(browser, PHONE, { javaScriptEnabled: false, hasTouch: true, isMobile: true });
		phone.page = await phone.context.newPage();
		phone.seen = [];
		phone.context.on('requestfinished', (request) => phone.seen.push(request.sizes().then((size) => ({
			path: new URL(request.url()).pathname, bytes: size.responseBodySize + size.responseHeadersSize,
		}))));
		phone.cdp = await phone.context.newCDPSession(phone.page);
		await phone.cdp.send('Network.enable');
		await phone.cdp.send('Emulation.setCPUThrottlingRate', { rate: 6 });
		await phone.connect(true);
		return phone;
	}

	connect(is) {
		return this.cdp.send('Network.emulateNetworkConditions', { ...SLOW, offline: !is });
	}

	// Send that leads nowhere, then Back: whether all is there. A browser that is short of memory lets go of pages; then the way is gone once more.
	async sendInVain(hub, cut, mend) {
		for (let turn = 0; turn < 3; turn++) {
			if (turn)
				await this.fillIn(hub, WHAT);
			await cut();
			await this.send().tap({ noWaitAfter: true });
			await until('the browser’s own page', () => this.page.url().startsWith('chrome-error'));
			await this.back();
			const isThere = await until('the form', () => this.has(WHAT), 10).catch(() => false);
			await mend();
			if (isThere)
				return true;
		}
		return false;
	}

	// The question that is seen.
	async question() {
		const seen = this.page.locator('section.q:visible');
		return await seen.count() === 1 ? seen.first().getAttribute('id') : `${await seen.count()} of them`;
	}

	async answer(answers) {
		for (const [name, value] of Object.entries(answers)) {
			const input = this.page.locator(`[name=${name}]`);
			if (['radio', 'checkbox'].includes(await input.first().getAttribute('type')))
				await this.page.locator(`[name=${name}][value=${value}]`).check();
			else
				await input.fill(value);
		}
	}

	// Whether "Leave this page" can be pressed where one is now, and what the page shows is not eaten by it.
	leaveIsSeen() {
		return this.page.evaluate(() => {
			const leave = document.querySelector('a.leave, #leave button').getBoundingClientRect();
			const top = document.elementFromPoint(leave.x + leave.width / 2, leave.y + leave.height / 2);
			return leave.top >= 0 && leave.bottom <= innerHeight / 5 && Boolean(top?.closest('a.leave, #leave button'));
		});
	}

	// Whether the heading of what is seen lies below the line that stays at the top.
	headingIsSeen() {
		return this.page.evaluate(() => {
			const bar = document.querySelector('.top').getBoundingClientRect();
			const heading = [...document.querySelectorAll('.q h2')].find((one) => one.checkVisibility()).getBoundingClientRect();
			return heading.top >= bar.bottom - 1 && heading.top < innerHeight / 2;
		});
	}

	// Back to a page that was sent for; "Reload" then sends it again, and the browser's question is answered with yes.
	async backAndReload() {
		await this.back();
		await this.page.waitForTimeout(300);
		await this.reload();
	}

	// A page that just came out of the browser's memory cannot be loaded anew for a moment; one tries again.
	reload() {
		return until('the page loaded anew', () => this.page.reload().then(() => true, (error) => {
			if (!/Not attached to an active page/.test(error.message))
				throw error;
		}));
	}

	press(name) {
		return this.page.locator('section.q:visible').getByRole('link', { name, exact: true }).tap();
	}

	// The phone's own Back. A page that comes out of memory does not load.
	back() {
		return this.page.goBack({ waitUntil: 'commit' }).catch(() => null);
	}

	typed() {
		return this.page.locator('[name=what]').inputValue();
	}

	// Whether this was typed; also while one page goes and the other comes.
	async has(what) {
		const typed = await this.page.locator('textarea').evaluateAll((list) => list.map((one) => one.value)).catch(() => []);
		return typed.includes(what);
	}

	send() {
		return this.page.getByRole('button', { name: 'Send', exact: true });
	}

	async fillIn(hub, what) {
		await this.page.goto(`${hub.form}/form/1#what`);
		await this.answer({ what });
		await this.press('Skip the other questions');
	}
}

async function wholeVisit(tap, coalition, browser) {
	const { gulu } = coalition;
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	await page.goto(gulu.form);
	await page.getByRole('link', { name: 'Start' }).tap();
	await page.waitForURL(/#danger$/);
	const asked = (await Promise.all(phone.seen)).length;
	await phone.connect(false);
	for (const [id, answers] of QUESTIONS) {
		tap.ok(`without a connection, question "${id}" is seen alone`, await phone.question() === id, await phone.question());
		await phone.answer(answers);
		if (id === 'when') {
			await phone.back();
			await phone.back();
			tap.ok('Back, pressed twice in the middle, leads two questions back, and keeps what was typed', await phone.question() === 'what' && await phone.typed() === WHAT, page.url());
			await phone.press('Continue');
			await phone.press('Continue');
			tap.ok('and forward again it is still there', await phone.question() === 'when' && await page.locator('[name=about][value=days]').isChecked());
		}
		await phone.press('Continue');
	}
	tap.ok('at the end all questions are seen with their answers, before anything is sent', await phone.question() === '8 of them' && await phone.typed() === WHAT &&
		(await words(page)).includes('Nothing has been sent yet'), await phone.question());
	tap.ok('between the questions the hub was asked for nothing', phone.seen.length === asked);
	await phone.connect(true);
	const before = await coalition.order('spool gulu');
	await phone.send().dblclick();
	await page.waitForURL(/\/done\//);
	const code = (await words(page)).match(CODE)?.[0];
	tap.ok('a double tap on Send gives one receipt', code && /nobody has read it yet/i.test(await words(page)), await words(page));
	tap.ok('and one report', await coalition.order('spool gulu') === before + 1);
	await until('what the receipt asks for', async () => (await Promise.all(phone.seen)).some((size) => size.path === '/static/forget.css'));
	const sizes = await Promise.all(phone.seen);
	const total = sizes.reduce((sum, size) => sum + size.bytes, 0);
	tap.ok(`from welcome to receipt: ${sizes.length} requests, of at most 10`, sizes.length <= 10, sizes);
	tap.ok(`and ${total} bytes, of at most 60 KB`, total <= 60 * 1024, sizes);
	tap.none('each of at most 14 KB', sizes.filter((size) => size.bytes > FIRST_FLIGHT).map((size) => `${size.path} ${size.bytes}`));
	await phone.back();
	await until('the empty form', async () => await page.locator('[name=what]').count() === 1);
	tap.ok('whoever presses Back on it finds no answer', !await phone.has(WHAT), page.url());
	await page.goForward({ waitUntil: 'commit' });
	tap.ok('forward again, the receipt shows the same code', await until('the receipt', async () => (await words(page)).includes(code)));
	await phone.reload();
	tap.ok('and loaded anew, too', (await words(page)).includes(code), await words(page));
	await phone.context.close();
}

async function lostConnection(tap, coalition, browser) {
	const { gulu } = coalition;
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	await phone.fillIn(gulu, WHAT);
	await page.locator('footer').getByRole('link', { name: 'Help' }).tap();
	await page.waitForURL(/\/help/);
	await phone.back();
	tap.ok('a look at another page and Back loses nothing', await phone.typed() === WHAT);

	tap.ok('Send without a connection, and Back: everything typed is there', await phone.sendInVain(gulu, () => phone.connect(false), () => phone.connect(true)) && page.url().endsWith('#check'), page.url());
	tap.ok('Send while the hub is down, and Back: the same', await phone.sendInVain(gulu, () => coalition.order('stop gulu'), () => coalition.order('start gulu')), page.url());
	const before = await coalition.order('spool gulu');
	await phone.send().tap();
	await page.waitForURL(/\/form\/send/);
	tap.ok('a hub that was started anew asks to press Send once more, with everything typed', /press Send again/.test(await words(page)) && await phone.typed() === WHAT, await words(page));
	await phone.send().tap();
	await page.waitForURL(/\/done\//);
	tap.ok('then there is one receipt and one report', CODE.test(await words(page)) && await coalition.order('spool gulu') === before + 1, await words(page));
	await phone.context.close();
}

// She can leave from anywhere on the page, on a low screen too.
async function leaveInSight(tap, coalition, browser) {
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	await page.setViewportSize({ width: 320, height: 480 });
	await page.goto(`${coalition.gulu.form}/form/1#danger`);
	const hidden = [];
	for (const [id, answers] of QUESTIONS) {
		if (!await phone.leaveIsSeen() || !await phone.headingIsSeen())
			hidden.push(id);
		await phone.answer(answers);
		await phone.press('Continue');
	}
	tap.none('after each Continue “Leave this page” and the question are seen, on 320 × 480', hidden);
	const height = await page.evaluate(() => document.documentElement.scrollHeight);
	const lost = [];
	for (let y = 0; y < height; y += 700) {
		await page.evaluate((to) => scrollTo(0, to), y);
		if (!await phone.leaveIsSeen())
			lost.push(String(y));
	}
	tap.none('and wherever one has scrolled to on “Check your answers”', lost);
	await page.evaluate(() => scrollTo(0, 0));
	const beneath = [];
	for (const key of ['Tab', 'Shift+Tab'])
		for (let i = 0; i < 60; i++) {
			await page.keyboard.press(key);
			const at = await page.evaluate(() => {
				const one = document.activeElement, box = one.getBoundingClientRect(), bar = document.querySelector('.top');
				return bar.contains(one) || one === document.body || one.className === 'skip' || box.bottom > bar.getBoundingClientRect().bottom + 3 ? '' : `${key} ${one.id} ${one.name}`;
			}).catch(() => '');
			if (at)
				beneath.push(at);
		}
	tap.none('what has the focus never lies beneath that line', beneath);
	await phone.context.close();
}

// Whoever gets the phone after "Leave this page" presses Back and Reload, and says yes to sending it again.
async function afterLeaving(tap, coalition, browser) {
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	const { form } = coalition.gulu;
	const leave = () => page.locator('a.leave, #leave button').first().tap();
	const isLeft = () => page.waitForURL(/\/leave/);
	await phone.fillIn(coalition.gulu, WHAT);
	await page.locator('[name=day]').fill('7');
	await phone.send().tap();
	await page.waitForURL(/\/form\/send/);
	tap.ok('a problem is told with everything typed', await phone.typed() === WHAT && /There is a problem/.test(await words(page)), await words(page));
	await leave();
	await isLeft();
	await phone.backAndReload();
	tap.ok('Leave, Back and Reload of a page with answers: the empty form', await page.locator('[name=what]').count() === 1 && !await phone.has(WHAT) && !(await page.content()).includes(WHAT), page.url());

	await phone.fillIn(coalition.gulu, WHAT);
	await page.waitForTimeout(5000); // nobody reads that fast (token_seconds)
	await phone.send().tap();
	await page.waitForURL(/\/done\//);
	const code = (await words(page)).match(CODE)?.[0];
	await leave();
	await isLeft();
	await phone.back();
	await page.waitForURL(/\/done\//);
	await phone.reload();
	tap.ok('Leave and Back on the receipt: the code is shown no more', /Saved/.test(await words(page)) && !CODE.test(await words(page)), await words(page));

	await page.goto(`${form}/messages`);
	await page.locator('[name=code]').fill(code);
	await page.getByRole('button', { name: 'Open' }).tap();
	await until('the page behind the code', async () => /Your messages/.test(await words(page)));
	await page.locator('[name=text]').fill(WHAT);
	await page.getByRole('button', { name: 'Send', exact: true }).tap();
	await until('that it is saved', async () => /It is safe/.test(await words(page)));
	await page.getByRole('button', { name: 'Back to your messages' }).tap();
	await until('the page behind the code', async () => /Your messages/.test(await words(page)));
	tap.ok('Send and Back to the messages work with one code', /Nobody has read it yet/.test(await words(page)), await words(page));
	await refusedPhoto(tap, page);
	await leave();
	await isLeft();
	await phone.backAndReload();
	tap.ok('Leave, Back and Reload behind a code: the code is asked for, and is not there', /type your code again/.test(await words(page)) && await page.locator('#code').inputValue() === '' &&
		!(await page.content()).includes(code), await words(page));
	await phone.context.close();
}

// From the page behind a code, and back to it.
async function refusedPhoto(tap, page) {
	const photo = (head) => page.locator('#photo').setInputFiles({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: Buffer.concat([Buffer.from(head), Buffer.alloc(5000)]) });
	await photo([0x7f, 0x45, 0x4c, 0x46]);
	await page.getByRole('button', { name: 'Send the photo' }).tap();
	await until('the problem', async () => /There is a problem/.test(await words(page)));
	tap.ok('a photo that is none is refused on the page behind the code, at its field', /Your messages/.test(await words(page)) && /not a photo/.test(await page.locator('.field.wrong').innerText()),
		await words(page));
	await page.locator('.problems').getByRole('link', { name: /not a photo/ }).tap();
	tap.ok('to which the problem above leads', await page.evaluate(() => location.hash) === '#photo' && await page.locator('#photo').isVisible(), page.url());
	await photo([0xff, 0xd8, 0xff, 0xe0]);
	await page.getByRole('button', { name: 'Send the photo' }).tap();
	await until('that it is saved', async () => /It is safe/.test(await words(page)));
	await page.getByRole('button', { name: 'Back to your messages' }).tap();
	await until('the page behind the code', async () => /Your messages/.test(await words(page)));
	tap.ok('and another one goes from there, without typing the code again', /Nobody has read it yet/.test(await words(page)), await words(page));
}

// In a workshop, over plain http; by a name, because a browser trusts "localhost" as it trusts https.
async function workshop(tap, coalition, browser) {
	const welcome = coalition.gulu.welcome.replace('localhost', 'hub.local');
	await coalition.order('workshop gulu');
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	await until('the workshop to be open', async () => {
		await page.goto(`${welcome}/form/1#danger`);
		return page.url().startsWith('http://');
	});
	tap.ok('its first question says that what is sent is not encrypted', /not encrypted/.test(await words(page)), await words(page));
	await page.goto(`${welcome}/form/1#what`);
	await phone.answer({ what: WHAT });
	await page.getByRole('link', { name: 'Leave this page' }).tap();
	await page.waitForURL(/\/leave/);
	await phone.back();
	await page.waitForURL(/\/form/);
	tap.ok('Leave and Back find empty questions', await phone.typed() === '', await phone.typed());
	await page.goto(`${welcome}/privacy`);
	tap.ok('so does the page that tells who can read it, which promises no more than is true', /not encrypted/.test(await words(page)) && !/read and change nothing/.test(await words(page)), await words(page));
	await page.goto(`${welcome}/`);
	tap.ok('and the first page', /not encrypted/.test(await words(page)) && /ask at the desk/.test(await words(page)), await words(page));
	tap.ok('“I have a code” leads to where it is encrypted', (await page.getByRole('link', { name: 'I have a code' }).getAttribute('href')).startsWith('https:'));
	await page.goto(`${welcome}/messages`);
	tap.ok('and so does the address itself', page.url().startsWith('https:'), page.url());
	await phone.context.close();
}

async function leaving(tap, coalition, browser) {
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	await phone.fillIn(coalition.gulu, WHAT);
	await phone.reload();
	tap.ok('loaded anew, the questions are empty: nobody after them finds the answers', await phone.typed() === '');
	await phone.answer({ what: WHAT });
	await page.getByRole('link', { name: 'Leave this page' }).tap();
	await page.waitForURL(/\/leave/);
	tap.ok('“Leave this page” leads to one that says nothing', await words(page) === 'You can close this page.', await words(page));
	await phone.back();
	await until('the page before', async () => await page.locator('[name=what]').count() === 1);
	tap.ok('and Back from there finds no answer', !await phone.has(WHAT), await phone.typed());
	await page.goto(`${coalition.gulu.form}/form/1#where`);
	await page.locator('[name=place]').fill('Layibi');
	await page.locator('[name=place]').press('Enter');
	await page.waitForURL(/\/form\/send/);
	tap.ok('“Enter” in a line of text sends nothing and shows all answers', /Nothing has been sent yet/.test(await words(page)) && await page.locator('[name=place]').inputValue() === 'Layibi',
		await words(page));
	await phone.context.close();
}

// The style as a browser of 2015 (Android 6) takes it: whatever it does not know, it leaves out.
function asOf2015(css) {
	return css.replace(/\/\*[^]*?\*\//g, '').replace(/[^{};]*:(?:has|is|where|focus-visible|focus-within)\b[^{]*\{[^}]*\}/g, '')
		.replace(/(?<=[{;])[^{};]*(?:var\(|--|gap|grid|inset|accent-color|overscroll|break-inside)[^;}]*;/g, '');
}

async function oldPhone(tap, coalition, browser) {
	const phone = await Phone.borrow(browser);
	const { page } = phone;
	let style;
	await phone.context.route('**/static/style.css', async (route) => {
		const response = await route.fetch();
		style = asOf2015(await response.text());
		await route.fulfill({ response, body: style });
	});
	await page.goto(coalition.gulu.form);
	await page.getByRole('link', { name: 'Start' }).tap();
	await page.waitForURL(/#danger$/);
	tap.ok('of the style is left what Android 6 knows', /:target/.test(style) && !/var\(|:has|:is\(|grid|gap/.test(style), style);
	for (const [id, answers] of QUESTIONS) {
		tap.ok(`on an old phone question "${id}" is seen alone, and fits`, await phone.question() === id &&
			await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), await phone.question());
		await phone.answer(answers);
		const { height } = await page.locator('section.q:visible').getByRole('link', { name: 'Continue' }).boundingBox();
		tap.ok('and what leads on is high enough for a thumb', height >= 44, height);
		await phone.press('Continue');
	}
	await phone.send().tap();
	await page.waitForURL(/\/done\//);
	tap.ok('and there is a receipt at the end', CODE.test(await words(page)), await words(page));
	await phone.context.close();
}

visit(async (tap, coalition, browser) => {
	await wholeVisit(tap, coalition, browser);
	await lostConnection(tap, coalition, browser);
	await leaving(tap, coalition, browser);
	await leaveInSight(tap, coalition, browser);
	await afterLeaving(tap, coalition, browser);
	await oldPhone(tap, coalition, browser);
	await workshop(tap, coalition, browser);
}, { ignoreDefaultArgs: ['--disable-back-forward-cache'] });
