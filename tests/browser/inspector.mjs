// What has to hold of every page, in all its forms: axe-core at WCAG 2.1 AA finds nothing, html-validate neither, nothing stands out at 320 pixels or with
// letters of twice the size, what is pressed is high enough for a thumb, and Tab reaches it. Findings are gathered, so that one run tells all.
import { FileSystemConfigLoader, HtmlValidate } from 'html-validate';
import { axeSource, LAPTOP, shot } from './browser.mjs';
import { tabThrough } from './keyboard.mjs';

const HEIGHT = 800;
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']; // of axe-core's rules
// What a phone's history may show.
export const NEUTRAL = ['Form', 'Help', 'Page', 'Privacy', 'Messages', 'Saved', 'Wi-Fi', 'This page is not here'];

// In the page: what is lower than a thumb needs. A small box or button counts with the label around it; a link within a sentence is let be.
function smallTargets() {
	const found = [];
	for (const one of document.querySelectorAll('button, a.button, input:not([type=hidden]), select, textarea, summary, nav a, header a, footer a')) {
		if (!one.checkVisibility() || one.matches('.skip:not(:focus), .hidden'))
			continue;
		const target = ['radio', 'checkbox'].includes(one.type) ? one.closest('label') : one;
		const { height } = target.getBoundingClientRect();
		if (height < 43.9)
			found.push(`${one.tagName.toLowerCase()} "${(one.innerText || one.name || '').trim().slice(0, 30)}" is ${Math.round(height)} high`);
	}
	return found;
}

// In the page: what stands out of it to the right, the narrowest first.
function overflow() {
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= width)
		return null;
	const out = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > width + 0.5)
		.map((one) => `${one.tagName.toLowerCase()}.${one.className} "${(one.innerText || '').slice(0, 30)}"`);
	return `${document.documentElement.scrollWidth} wide: ${out.slice(-2).join(', ')}`;
}

export class Inspector {
	viewport = { width: 360, height: HEIGHT }; // in which pages are worked with, between the looks
	findings = { axe: [], html: [], overflow: [], large: [], targets: [], titles: [], keyboard: [] };
	visited = [];
	count = 0;

	// `neutral`: the titles that public pages may have, in their language.
	constructor(neutral = NEUTRAL) {
		this.neutral = neutral;
		this.html = new HtmlValidate(new FileSystemConfigLoader());
	}

	// What the server sent, not what the browser made of it. Chromium may let go of the text of a page that was left before it
	// it could be asked for: then it is asked for once more.
	watch(page) {
		page.on('response', (response) => {
			const request = response.request();
			if (!request.isNavigationRequest())
				return;
			this.visited.push(`${request.method()} ${new URL(request.url()).pathname}`);
			if (response.status() < 300 || response.status() >= 400)
				this.source = response.text().catch(async () => (request.method() === 'GET' ? (await page.request.get(response.url())).text() : null)).catch(() => null);
		});
	}

	async axe(page, name, how, options) {
		const found = await page.evaluate(async (o) => (await window.axe.run(document, { resultTypes: ['violations'], ...o })).violations
			.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3).join(' ')}`), options);
		this.findings.axe.push(...found.map((text) => `${name}, ${how}: ${text}`));
	}

	async validate(name) {
		const source = await this.source;
		if (source === null) {
			this.findings.html.push(`${name}: what the server sent could not be had`);
			return;
		}
		const report = await this.html.validateString(source, new URL('page.html', import.meta.url).pathname);
		for (const result of report.results)
			for (const m of result.messages)
				this.findings.html.push(`${name}, line ${m.line}: ${m.ruleId}: ${m.message}: ${source.split('\n')[m.line - 1].slice(0, 120)}`);
	}

	// The page as it is now, in all its forms. `is_public`: its title must not tell.
	async look(page, name, isPublic) {
		await this.begin(page, name, isPublic);
		for (const width of [320, 360, LAPTOP.width]) {
			await this.measure(page, name, width);
			if (width === 320)
				continue;
			await this.axe(page, name, `${width} light`, { runOnly: LEVELS });
			if (width === this.viewport.width)
				await this.tab(page, name);
			await shot(page, `${name}-${width}`);
		}
		await page.emulateMedia({ colorScheme: 'dark' });
		await this.axe(page, name, 'dark', { runOnly: ['color-contrast'] });
		await shot(page, `${name}-${LAPTOP.width}-dark`);
		await page.emulateMedia({ colorScheme: 'light' });
		await this.enlarge(page, name);
	}

	async tab(page, name) {
		this.findings.keyboard.push(...(await tabThrough(page)).map((text) => `${name}: ${text}`));
	}

	// A page that was looked at in another language: what only its words can break.
	async reread(page, name, isPublic) {
		await this.begin(page, name, isPublic);
		await this.axe(page, name, 'light', { runOnly: LEVELS });
		await this.fits(page, name);
	}

	// Whether its words fit where they are the narrowest and the largest.
	async fits(page, name) {
		await this.measure(page, name, 320);
		await shot(page, `${name}-320`);
		await this.enlarge(page, name);
	}

	async begin(page, name, isPublic) {
		this.count++;
		await this.validate(name);
		if (isPublic && !this.neutral.includes((await page.title()).replace(/^! /, '')))
			this.findings.titles.push(`${name}: "${await page.title()}"`);
		await page.evaluate(axeSource);
	}

	async measure(page, name, width) {
		await page.setViewportSize({ width, height: HEIGHT });
		const wide = await page.evaluate(overflow);
		if (wide)
			this.findings.overflow.push(`${name} at ${width}: ${wide}`);
		this.findings.targets.push(...(await page.evaluate(smallTargets)).map((text) => `${name} at ${width}: ${text}`));
	}

	async enlarge(page, name) {
		await page.setViewportSize({ width: 640, height: HEIGHT });
		const style = await page.addStyleTag({ content: 'html { font-size: 200% }' });
		const wide = await page.evaluate(overflow);
		if (wide)
			this.findings.large.push(`${name}: ${wide}`);
		await style.evaluate((one) => one.remove());
		await page.setViewportSize(this.viewport);
	}
}

// For a second walk through the same pages, on a laptop: what is the same in both is not looked at again.
export class LaptopInspector extends Inspector {
	viewport = LAPTOP;

	watch() {}

	async look(page, name) {
		this.count++;
		await this.tab(page, name);
	}
}
