// A person without a mouse: whatever is to be pressed or filled in is come to by Tab, as on any page, and worked with keys alone.
import { until } from './browser.mjs';

// In the page: what can be reached by keyboard, in the order of the page. Of radio buttons with one name, one.
function stops() {
	const seen = new Set();
	const list = [];
	for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
		if (!one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) || one.disabled || one.tabIndex < 0)
			continue;
		if (one.type === 'radio') {
			const group = [one.form ? [...document.forms].indexOf(one.form) : -1, one.name].join();
			if (seen.has(group))
				continue;
			seen.add(group);
		}
		list.push(one);
	}
	const name = (one) => (one.labels?.[0]?.innerText || one.innerText || one.name || one.tagName).trim().split('\n')[0].slice(0, 40);
	const isOne = (a, b) => a === b || (a.type === 'radio' && b.type === 'radio' && a.name === b.name && a.form === b.form);
	const place = (one) => list.findIndex((a) => isOne(a, one));
	return { list, name, place };
}

// In the page: goes back to its top and notes, at each Tab, what it leaves: which stop that is, and whether one sees that it has the focus.
function watch(source) {
	const { list, name, place } = new Function(`return (${source})()`)();
	const note = () => {
		const one = document.activeElement;
		if (!one || one === document.body || one === document.documentElement)
			return null;
		const style = getComputedStyle(one);
		const box = one.getBoundingClientRect();
		return {
			index: place(one), name: name(one),
			isVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0 &&
				box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
		};
	};
	const keep = (event) => event.key === 'Tab' && window.tabs.seen.push(note());
	window.tabs?.end(); // the same page, watched once more
	window.tabs = { seen: [], note, end: () => document.removeEventListener('keydown', keep, true) };
	document.addEventListener('keydown', keep, true);
	document.activeElement?.blur();
	window.getSelection().removeAllRanges();
	window.scrollTo(0, 0);
	const html = document.documentElement;
	html.tabIndex = -1;
	html.focus();
	html.removeAttribute('tabindex');
	return list.map(name);
}

// Goes through a page by Tab alone, from its top to its end; answers what is wrong with that.
export async function tabThrough(page) {
	const expected = await page.evaluate(watch, stops.toString());
	const where = `${page.url()} at ${page.viewportSize().width}`;
	let seen = [null];
	for (let last = -1; last < expected.length - 1 && seen.length < expected.length * 5 + 10;) { // a date has several parts
		for (let i = last + 1; i < expected.length; i++)
			await page.keyboard.press('Tab');
		seen = await page.evaluate(() => [...window.tabs.seen, window.tabs.note()]);
		if (seen.at(-1) === null)
			break;
		last = seen.at(-1).index;
	}
	let next = 0;
	for (const at of seen.filter((one) => one !== null)) {
		if (!at.isVisible)
			return [`${where}: the focus on "${at.name}" is not seen`];
		if (at.index === next)
			next++;
		else if (at.index !== next - 1)
			return [`${where}: "${at.name}" comes where "${expected[next]}" should`];
	}
	return next < expected.length ? [`${where}: Tab does not reach "${expected[next]}"`] : [];
}

// In the page: how many stops lie between what has the focus and this.
function distance(target, source) {
	const { place } = new Function(`return (${source})()`)();
	const wanted = place(target);
	if (wanted < 0)
		return null;
	const one = document.activeElement;
	return wanted - (one && one !== document.body ? place(one) : -1);
}

// Keys that come before a page is first seen are dropped by the browser.
const painted = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

export const words = async (page) => (await page.locator('body').innerText()).replace(/\s+/g, ' ');

const beginsWith = (text) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);

export class Keyboard {
	constructor(page) {
		this.page = page;
		this.keys = page.keyboard;
		page.on('filechooser', () => {}); // the browser's own window never opens, in no race with the key that asks for it
	}

	async go(address) {
		await this.page.goto(address);
	}

	words() {
		return words(this.page);
	}

	// The first link or button that begins with these words; or what a locator finds.
	pressable(what) {
		if (typeof what !== 'string')
			return what.first();
		const name = beginsWith(what);
		return this.page.getByRole('link', { name }).or(this.page.getByRole('button', { name })).first();
	}

	async fail(what) {
		throw new Error(`${what} at ${this.page.url()}: ${(await this.words()).slice(0, 2000)}`);
	}

	// Tab, or Shift and Tab, until this has the focus.
	async reach(locator) {
		const target = await locator.elementHandle();
		for (let i = 0; i < 20; i++) {
			const steps = await target.evaluate(distance, stops.toString());
			if (steps === null)
				break;
			if (steps === 0)
				return;
			for (let n = Math.abs(steps); n > 0; n--)
				await this.keys.press(steps > 0 ? 'Tab' : 'Shift+Tab');
		}
		await this.fail(`no way by keyboard to ${locator}`);
	}

	// Presses what leads to another page, and waits for that.
	async press(what) {
		try {
			await this.reach(this.pressable(what));
			await Promise.all([this.page.waitForEvent('load'), this.keys.press('Enter')]);
			await painted(this.page);
		} catch (error) {
			await this.fail(error.message);
		}
	}

	// Presses what leads to another part of the page, or opens one of its folds.
	async turn(locator) {
		await this.reach(locator);
		await this.keys.press('Enter');
	}

	async unfold(text) {
		await this.turn(this.page.locator('summary', { hasText: text }));
	}

	// Fills in what is seen of the form of the page: {field: value}; of radio buttons by value, or by how the label begins; of boxes also several.
	async fill(answers) {
		for (const [name, value] of Object.entries(answers))
			await this.answer(this.page.locator(`main [name="${name}"]:not([type=hidden])`), value);
	}

	// Fills in the form of the page and presses its button, as it is named.
	async send(button, answers = {}) {
		await this.fill(answers);
		await this.press(this.page.locator('main').getByRole('button', { name: button, exact: true }).last());
	}

	async answer(inputs, value) {
		const { type, tag } = await inputs.first().evaluate((one) => ({ type: one.type, tag: one.tagName }));
		if (type === 'radio')
			await this.choose(inputs, value);
		else if (type === 'checkbox')
			for (const one of [value].flat())
				await this.tick(inputs.and(this.page.locator(`[value="${one}"]`)));
		else if (type === 'file')
			await this.attach(inputs.first(), value);
		else if (type === 'date')
			await this.date(inputs.first(), value);
		else if (tag === 'SELECT')
			await this.select(inputs.first(), value);
		else
			await this.type(inputs.first(), value);
	}

	async type(input, text) {
		await this.reach(input);
		await this.keys.press('Control+A');
		await this.keys.press('Delete');
		await this.keys.type(text);
	}

	async tick(box) {
		await this.reach(box);
		if (!await box.isChecked())
			await this.keys.press('Space');
	}

	async choose(inputs, wanted) {
		const count = await inputs.count();
		await this.reach(inputs.first());
		await this.keys.press('Space');
		for (let i = 0; i <= count; i++) {
			const at = await this.page.evaluate(() => ({ value: document.activeElement.value, label: document.activeElement.labels?.[0]?.innerText ?? '' }));
			if (at.value === wanted || at.label.trim().startsWith(wanted))
				return;
			await this.keys.press('ArrowDown');
		}
		await this.fail(`no choice "${wanted}"`);
	}

	async select(input, wanted) {
		await this.reach(input);
		await this.keys.press('Home');
		const place = await input.evaluate((one, value) => [...one.options].findIndex((option) => option.value === value), wanted);
		for (let i = 0; i < place; i++)
			await this.keys.press('ArrowDown');
		if (await input.inputValue() !== wanted)
			await this.fail(`no choice "${wanted}"`);
	}

	// 2026-11-30, typed in parts; which part comes first is the browser's affair, and one sees it. '' takes it away.
	async date(input, text) {
		const [year, month, day] = text.split('-');
		const isHere = () => input.evaluate((one) => one === document.activeElement);
		const begin = async () => {
			await this.reach(input);
			while (await isHere())
				await this.keys.press('Shift+Tab');
			await this.reach(input);
		};
		if (!text) {
			for (await begin(); await isHere();) {
				await this.keys.press('Delete');
				await this.keys.press('Tab');
			}
			return;
		}
		for (const order of [day + month + year, month + day + year, year + month + day]) {
			await begin();
			await this.keys.type(order);
			if (await input.inputValue() === text)
				return;
		}
		await this.fail(`${text} cannot be typed`);
	}

	// What the browser's own window for choosing a file would hand over; a busy browser may need to be asked again for it.
	async attach(input, files) {
		const chooser = await until('the window for choosing a file', async () => {
			await this.reach(input);
			return Promise.all([this.page.waitForEvent('filechooser', { timeout: 5000 }), this.keys.press('Enter')]).then(([one]) => one, () => null);
		});
		await chooser.setFiles(files);
	}
}
