// Every page of both roles as people meet it: in three widths, light and dark, with large letters, with problems named. Each can be used by everybody
// (axe-core at WCAG 2.1 AA), is right HTML (html-validate), fits its width, and has targets that a thumb hits. Whoever goes through them, at 360 pixels, has a keyboard
// and nothing else; test_laptop.mjs goes the same way at 1280.
import { readFileSync } from 'node:fs';
import { visit } from './browser.mjs';
import { Inspector } from './inspector.mjs';
import { allPages } from './pages/all.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

// The routes of both tables that show a page, as patterns; a * stands for one part.
function routes() {
	const office = [...read('web/office/routes.c').matchAll(/\{GET, "([^"]+)"/g)].map((m) => m[1]);
	const intake = [...read('web/intake/role.c').matchAll(/\{METHOD_GET, "([^"]+)"/g)].map((m) => m[1]);
	return [...office, ...intake].filter((path) => !/healthz|static|svg|crt|photo|ics/.test(path));
}

visit(async (tap, coalition, browser) => {
	const inspector = new Inspector();
	await allPages(browser, inspector, coalition);
	const { findings, visited } = inspector;
	const missed = routes().filter((route) => !visited.some((seen) => new RegExp(`^GET ${route.replaceAll('*', '[^/]+')}$`).test(seen)));
	tap.none('every page of both route tables was looked at', missed);
	tap.ok(`they are many: ${inspector.count} pages in all their states`, inspector.count > 60);
	tap.none('each can be used by everybody: axe-core at WCAG 2.1 AA finds nothing, in light and dark, on phone and laptop', findings.axe);
	tap.none('each is right HTML', findings.html);
	tap.none('none is wider than its screen, at 320, 360 and 1280 pixels', findings.overflow);
	tap.none('nor with letters of twice the size at 640 pixels', findings.large);
	tap.none('whatever is pressed or filled in is at least 44 pixels high', findings.targets);
	tap.none('Tab reaches all of each, in its order and in sight, at 360 pixels', findings.keyboard);
	tap.none('the public pages’ titles tell nothing', findings.titles);
});
