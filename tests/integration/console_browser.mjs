// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// What the parts that drive a browser share; console.py made the hub and says where it is. Prints TAP.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(process.env.CONSOLE_PACKAGES);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const world = JSON.parse(process.env.CONSOLE_WORLD);
const shots = process.env.CONSOLE_SCREENSHOTS;
mkdirSync(shots, { recursive: true });

let number = 0;
let failed = 0;
export function check(name, holds, ...shown) {
	number++;
	console.log(`${holds ? "ok" : "not ok"} ${number} - ${name}`);
	if (holds) return;
	failed++;
	for (const one of shown) console.log(`# ${String(typeof one === "string" ? one : JSON.stringify(one)).slice(0, 2000).replace(/\n/g, "\n# ")}`);
}
export async function part(name, what) {
	try {
		await what();
	} catch (error) {
		check(name, false, error.stack ?? error);
	}
}

const browser = await chromium.launch({ executablePath: process.env.CONSOLE_BROWSER, args: ["--no-sandbox", "--disable-gpu"] });
const complaints = [];
const foreign = new Set();

export async function open(options = {}) {
	const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1360, height: 900 }, reducedMotion: "reduce", ...options });
	context.setDefaultTimeout(Number(process.env.CONSOLE_PATIENCE ?? 20_000));
	await context.addInitScript(() => {
		addEventListener("securitypolicyviolation", (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
	});
	const page = await context.newPage();
	page.on("console", (message) => /CSP|Content Security|TrustedHTML|Refused/i.test(message.text()) && !options.bypassCSP && complaints.push(message.text()));
	page.on("response", (answer) => answer.status() === 406 && complaints.push(`nothing that ${answer.url()} gives was accepted`));
	page.on("pageerror", (error) => complaints.push(`error ${error.message}`));
	page.on("request", (request) => new URL(request.url()).host !== new URL(world.url).host && foreign.add(request.url()));
	return page;
}
export async function signIn(page, login) {
	await page.goto(`${world.url}/sign-in`);
	await page.locator("input[name=login]").fill(login);
	await page.locator("input[name=password]").fill(world.password[login]);
	await page.locator("form button[type=submit]").click();
	await page.locator("nav.rail").waitFor();
}
export const quiet = (page) => page.waitForFunction(() => !document.querySelector(".waiting"));
/** Goes to a page as a link does, without loading the document anew. */
export async function visit(page, path) {
	await page.evaluate((to) => {
		history.pushState(null, "", to);
		dispatchEvent(new PopStateEvent("popstate"));
	}, path);
	await page.locator("h1").first().waitFor();
	await quiet(page);
}
export const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: false });

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What axe-core finds in a page, and whether it scrolls sideways. */
export async function examine(page, name) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }), tags);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	return [
		...violations.map((one) => `${name}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? ""}`).join(" | ")}`),
		...(wide > 0 ? [`${name}: ${wide} px too wide`] : []),
	];
}
/** The last of a part: what every page is held to. */
export async function done() {
	check("nothing was against the policy, no script failed", complaints.length === 0, ...complaints);
	check("no other host was asked", foreign.size === 0, [...foreign]);
	await browser.close();
	console.log(`1..${number}`);
	process.exit(failed ? 1 : 0);
}
