// Somebody who goes through the pages of one hub with nothing but a keyboard, and has each page looked at.
import { person } from './browser.mjs';
import { Keyboard } from './keyboard.mjs';

export const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);

export class Walker extends Keyboard {
	// `base`: where the hub's pages are; `kind`: form or office, with which the names of its pages begin.
	static async arrive(browser, inspector, base, kind = 'office') {
		const context = await person(browser, inspector.viewport, { bypassCSP: true });
		const walker = new Walker(await context.newPage());
		Object.assign(walker, { browser, inspector, base, kind });
		inspector.watch(walker.page);
		return walker;
	}

	// A path of the hub, or a whole address.
	async go(path) {
		await super.go(path.startsWith('/') ? this.base + path : path);
	}

	look(name) {
		return this.inspector.look(this.page, `${this.kind}-${name}`, this.kind === 'form');
	}

	async show(name, path) {
		await this.go(path);
		await this.look(name);
	}

	async signIn(user, passphrase) {
		await this.go('/login');
		await this.send('Sign in', { name: user, passphrase });
	}

	// One of a folded list of boxes.
	async among(field, value) {
		await this.turn(this.page.locator(`#${field} summary`));
		await this.fill({ [field]: value });
	}

	// The key of the record whose page this is.
	key() {
		return this.page.url().match(/[0-9a-z]{16}\.[0-9a-z]{26}/)[0];
	}

	async must(what, holds) {
		if (!holds)
			await this.fail(what);
	}

	async leave() {
		await this.page.context().close();
	}
}
