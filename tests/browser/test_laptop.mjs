// The walk of test_pages.mjs once more, on a laptop: all is done with the keyboard alone at 1280 pixels, too, where menus lie open and columns stand side by
// side. What pages look like there, test_pages.mjs has seen already.
import { visit } from './browser.mjs';
import { LaptopInspector } from './inspector.mjs';
import { allPages } from './pages/all.mjs';

visit(async (tap, coalition, browser) => {
	const inspector = new LaptopInspector();
	await allPages(browser, inspector, coalition);
	tap.ok(`at 1280 pixels everything can be done with the keyboard alone, on ${inspector.count} pages in all their states`, inspector.count > 60);
	tap.none('Tab reaches all of each, in its order and in sight', inspector.findings.keyboard);
});
