// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Drives a browser through the console; console.py made the hub and says where it is. Prints TAP.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, done, examine, open, part, quiet, shot, signIn, visit, world } from "./console_browser.mjs";

const basic = (login) => ({ Authorization: `Basic ${Buffer.from(`${login}:${world.password[login]}`).toString("base64")}` });

const pages = {
	situation: "/situation",
	threats: "/threats",
	search: "/threats?q=%E6%94%BB%E6%92%83",
	object: `/threats/objects/${world.attack}`,
	extract: "/threats/extract",
	approvals: "/threats/approvals",
	approval: world.hostileApproval,
	set: `/threats/sets/${world.set}`,
	authorisations: "/authorisations",
	edges: "/edges",
	events: "/edges?tab=events",
	receipts: "/edges?tab=receipts",
	edge: `/edges/${world.edge}`,
	directory: "/directory",
	people: "/directory?tab=people",
	groups: "/directory?tab=groups",
	organisation: `/directory/organisations/${world.power}`,
	person: `/directory/people/${world.stranger}`,
	holds: "/threats/holds",
	account: "/account",
};

// ---- what the hub sends ----
await part("headers", async () => {
	const answer = await fetch(`${world.url}/situation`);
	const policy = answer.headers.get("content-security-policy") ?? "";
	check("a page has one strict policy", policy.startsWith("default-src 'none'") && !/unsafe/.test(policy) && policy.includes("frame-ancestors 'none'"), policy);
	check("a page is kept by nobody without asking", answer.headers.get("cache-control") === "no-cache", answer.headers.get("cache-control"));
	const html = await answer.text();
	const asset = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
	const script = await fetch(world.url + asset);
	check("a script is kept for good", /immutable/.test(script.headers.get("cache-control") ?? ""), script.headers.get("cache-control"));
	check("nothing in the page comes from elsewhere", !/https?:\/\//.test(html), html);
	const again = await fetch(`${world.url}/situation`, { headers: { "If-None-Match": answer.headers.get("etag") } });
	check("an unchanged page is not sent again", again.status === 304, again.status);
	check("what is no file is not there", (await fetch(`${world.url}/assets/none.js`)).status === 404);
});

// ---- signing in ----
const anna = await open();
await part("signing in", async () => {
	await anna.goto(`${world.url}/threats`);
	await anna.locator("input[name=login]").fill("anna");
	await anna.locator("input[name=password]").fill("a wrong password");
	await anna.keyboard.press("Enter");
	await anna.locator("[role=alert]").waitFor();
	check("a wrong password is told", /wrong/.test(await anna.locator("[role=alert]").innerText()), await anna.locator("[role=alert]").innerText());
	await shot(anna, "sign-in");
	await anna.locator("input[name=password]").fill(world.password.anna);
	await anna.keyboard.press("Enter");
	await anna.locator("nav.rail").waitFor();
	check("signing in leads to where one wanted", new URL(anna.url()).pathname === "/threats", anna.url());
	const kept = await anna.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
	check("no script can read what one is signed in with", !/hnm_|session/i.test(kept), kept);
	await visit(anna, "/situation");
	await anna.locator(".figure-card .big").first().waitFor();
	await shot(anna, "situation");
});

// ---- searching ----
await part("searching", async () => {
	await visit(anna, "/threats");
	await anna.locator("input[name=q]").fill("攻撃");
	await anna.keyboard.press("Enter");
	await anna.getByRole("link", { name: "標的型攻撃の指令サーバ" }).waitFor();
	check("words in Japanese are found", (await anna.locator("tbody tr").count()) >= 4, await anna.locator("main").innerText());
	await shot(anna, "search");
	await anna.locator("input[name=q]").fill("203.0.113.0/24");
	await anna.keyboard.press("Enter");
	await anna.getByRole("link", { name: "攻撃の踏み台 77" }).waitFor();
	check("a prefix finds what is inside", (await anna.locator("tbody tr").count()) === 3, await anna.locator("main").innerText());
	await anna.locator("input[name=q]").fill("c2[.]fubuki[.]example");
	await anna.keyboard.press("Enter");
	await anna.getByRole("link", { name: "標的型攻撃の指令サーバ" }).waitFor();
	check("a defanged name is found", await anna.getByText("c2.fubuki.example", { exact: false }).first().isVisible());
});

// ---- paste, review, hand in ----
const report = `件名: 注意喚起
指令サーバ hxxps://update[.]yukikaze[.]example/gate.php?id=1、及び 203[.]0[.]113[.]200 への通信を確認した。
送信元は kuro(at)yukikaze[.]example、検体の SHA-256 は
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 、内部の 10.0.0.5 に展開された invoice.exe 。`;
let made = "";
await part("paste and extract", async () => {
	await visit(anna, "/threats/extract");
	await anna.locator("textarea[name=text]").fill(report);
	await anna.getByRole("button", { name: "Extract" }).click();
	await anna.locator("tbody tr").first().waitFor();
	const values = await anna.locator("tbody th .value:first-child").allInnerTexts();
	for (const wanted of ["https://update.yukikaze.example/gate.php?id=1", "203.0.113.200", "kuro@yukikaze.example", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
		check(`${wanted} is found`, values.includes(wanted), values);
	const inside = anna.getByRole("checkbox", { name: "Take 10.0.0.5" });
	check("what is inside a network is not chosen by itself", !(await inside.isChecked()));
	await anna.getByRole("checkbox", { name: /kuro@/ }).uncheck();
	await anna.getByRole("checkbox", { name: /9f86d0/ }).uncheck();
	await shot(anna, "extract");
	await anna.locator("input[name=title]").fill("ゆきかぜ事案");
	await anna.locator("select[name=tlp]").selectOption("green");
	await anna.locator("input[name=confidence]").fill("170");
	await anna.locator("section.card:last-of-type button[type=submit]").click();
	check("a wrong number is told at its field", (await anna.locator("input[name=confidence][aria-invalid=true]").count()) === 1);
	await anna.locator("input[name=confidence]").fill("80");
	await anna.getByRole("button", { name: /^Try it/ }).click();
	await anna.locator(".alert[role=status]").waitFor();
	await anna.getByRole("button", { name: /^Hand in/ }).click();
	const link = anna.locator("main a", { hasText: "https://update.yukikaze.example" });
	await link.waitFor();
	await link.click();
	await anna.locator("[role=tabpanel]").waitFor();
	made = new URL(anna.url()).pathname.split("/").pop();
	check("what was handed in is an object", /^indicator--/.test(made), anna.url());
});

// ---- propose, look, approve by two, retreat ----
const ben = await open({ locale: "ja-JP" });
await part("propose and approve", async () => {
	await anna.getByRole("button", { name: "Propose for a set" }).click();
	await anna.locator("dialog select[name=set]").selectOption(world.set);
	await anna.locator("dialog textarea[name=reason]").fill("ゆきかぜ事案で確認");
	await anna.locator("dialog button[type=submit]").click();
	await anna.getByRole("heading", { name: "Who decided" }).waitFor();
	const place = new URL(anna.url()).pathname;
	check("who proposed does not approve", (await anna.getByRole("button", { name: "Approve" }).count()) === 0);
	await anna.getByRole("button", { name: "Look" }).click();
	await anna.getByText("nobody holds it").waitFor();
	await shot(anna, "approval");

	await signIn(ben, "ben");
	check("the browser's language is taken", (await ben.locator("html").getAttribute("lang")) === "ja" && (await ben.locator("nav.rail").innerText()).includes("脅威"));
	await visit(ben, "/threats/approvals");
	await ben.getByRole("link", { name: "ゆきかぜ事案で確認" }).click();
	await ben.getByRole("button", { name: "承認する" }).click();
	await ben.locator("dialog button[type=submit]").click();
	await ben.getByText("有効", { exact: true }).first().waitFor();
	check("a second person approves", true);
	await visit(anna, "/situation");
	await visit(anna, place);
	await anna.locator(".page-head .badge", { hasText: "In force" }).waitFor();
	await visit(anna, `/threats/objects/${made}`);
	await anna.getByRole("tab", { name: "In force" }).click();
	await anna.getByRole("link", { name: "National block list" }).waitFor();
	check("the object says where it is in force", true);
	await visit(anna, place);
	await anna.getByRole("button", { name: "Retreat" }).click();
	await anna.locator("dialog textarea[name=reason]").fill("誤検知");
	await anna.locator("dialog button[type=submit]").click();
	await anna.locator(".page-head .badge", { hasText: "Retreated" }).waitFor();
	check("one person takes it back", true);
	await shot(ben, "approvals-ja");
});

// ---- two approvers at once ----
await part("live", async () => {
	await visit(anna, "/situation");
	await anna.locator(".live.on").waitFor();
	await visit(ben, "/threats");
	const before = await anna.locator(".figure-card .big").nth(2).innerText();
	await anna.evaluate(() => undefined);
	const now = new Date().toISOString();
	await fetch(`${world.url}/api/v1/objects`, {
		method: "POST",
		headers: { ...basic("anna"), "Content-Type": "application/stix+json" },
		body: JSON.stringify({ type: "indicator", spec_version: "2.1", id: `indicator--${crypto.randomUUID()}`, created: now, modified: now, pattern: "[ipv4-addr:value = '192.0.2.44']", pattern_type: "stix", valid_from: now }),
	});
	await anna.waitForFunction((old) => document.querySelectorAll(".figure-card .big")[2]?.textContent !== old, before);
	check("a page that is open shows what comes", true);
});

// ---- explain ----
await part("explain", async () => {
	await visit(anna, `/threats/objects/${world.attack}`);
	await anna.getByRole("tab", { name: "Who may see it" }).click();
	await anna.locator(".rules li").first().waitFor();
	check("who may see an object is told rule by rule", (await anna.locator(".rules li").count()) >= 8);
	await shot(anna, "explain");
});

// ---- edges ----
await part("edges", async () => {
	await visit(anna, "/situation");
	const bars = anna.locator(".columns svg a");
	await bars.first().waitFor();
	check("what was blocked is shown by the hour", (await bars.count()) >= 15, await bars.count());
	await shot(anna, "situation-edges");
	await anna.getByRole("button", { name: "As a table" }).click();
	check("a chart is a table too", (await anna.locator(".columns table tbody tr").count()) === 24, await anna.locator(".columns").innerText());
	await anna.getByRole("button", { name: "As a chart" }).click();
	await bars.last().focus();
	await anna.keyboard.press("Enter");
	await anna.getByRole("link", { name: "c2.fubuki.example" }).first().waitFor();
	check("a column opens the list behind it", new URL(anna.url()).searchParams.get("tab") === "events", anna.url());
	await visit(anna, `/threats/objects/${world.attack}`);
	await anna.getByRole("tab", { name: /^Sightings/ }).click();
	await anna.locator(".columns").waitFor();
	check("an indicator shows where edges saw it", true);
	await shot(anna, "sightings");
	await visit(anna, "/edges");
	await anna.getByRole("button", { name: "Enrol an edge" }).click();
	await anna.locator("dialog input[name=ja]").fill("大手町リゾルバー");
	await anna.locator("dialog input[name=en]").fill("Otemachi resolver");
	await anna.locator("dialog button[type=submit]").click();
	check("an enrolment code is shown", /^hinomi1-/.test(await anna.locator(".secret").innerText()));
	await shot(anna, "enrol");
	await anna.keyboard.press("Escape");
	await visit(anna, `/edges/${world.edge}`);
	await anna.locator("input[name=name]").fill("c2.fubuki.example");
	await anna.getByRole("button", { name: "Ask" }).click();
	await anna.getByText("The whole answer").waitFor();
	check("a resolver is asked, and its answer shown", true);
	await shot(anna, "edge");
});

// ---- an authorisation, from the application to the sensor ----
await part("authorisations", async () => {
	await visit(anna, "/authorisations");
	await anna.getByRole("button", { name: "Apply" }).click();
	const form = anna.locator("dialog form");
	await form.locator("textarea[name=purpose]").fill("吹雪の指令通信の把握");
	await form.locator("textarea[name=acts]").fill("act-2026-001");
	await form.locator("textarea[name=facilities]").fill("198.51.100.0/8");
	await form.getByRole("checkbox", { name: "Toyosu sensor" }).check();
	await form.locator("button[type=submit]").click();
	await form.locator("[role=alert], .wrong").first().waitFor();
	check("an application beyond the law is refused where it is written", true);
	await form.locator("textarea[name=facilities]").fill("198.51.100.0/24");
	await form.locator("button[type=submit]").click();
	await anna.getByRole("button", { name: "Hand to the commission" }).waitFor();
	const place = new URL(anna.url()).pathname;
	await anna.getByRole("button", { name: "Hand to the commission" }).click();
	await anna.locator("dialog button[type=submit]").click();
	await anna.locator(".page-head .badge", { hasText: "At the commission" }).waitFor();
	await shot(anna, "authorisation");
	const file = join(world.keys, "application.json");
	const answer = await fetch(`${world.url}/api/v1${place}`, { headers: basic("carol") });
	writeFileSync(file, JSON.stringify((await answer.json()).document));
	execFileSync(world.authority, ["sign", "--key", join(world.keys, "member.key"), file], { stdio: "ignore" });
	const carol = await open();
	await signIn(carol, "carol");
	await visit(carol, place);
	await carol.getByRole("button", { name: "Hand in signatures" }).click();
	await carol.locator("dialog textarea[name=document]").fill(readFileSync(file, "utf8"));
	await carol.locator("dialog button[type=submit]").click();
	await carol.locator(".page-head .badge", { hasText: "Signed" }).waitFor();
	check("a commissioner's signature is handed in", true);
	await carol.context().close();
	await visit(anna, "/authorisations");
	await visit(anna, place);
	await anna.getByRole("button", { name: "Issue to sensors" }).click();
	await anna.locator("dialog button[type=submit]").click();
	await anna.locator(".page-head .badge", { hasText: "In effect" }).waitFor();
	check("it is issued to its sensors", true);
	pages.authorisation = place;
});

// ---- the directory ----
await part("directory", async () => {
	await visit(anna, "/directory");
	await anna.locator("input[name=filter]").fill("akebono");
	await anna.getByRole("link", { name: "Akebono Electric Power" }).click();
	await anna.getByRole("rowheader", { name: "CSIRT 当直" }).waitFor();
	await anna.locator("section", { has: anna.getByRole("heading", { name: "Contact windows" }) }).getByRole("button", { name: "Add" }).click();
	await anna.locator("dialog input[name=title]").fill("広報");
	await anna.locator("dialog input[name=mail]").fill("pr@akebono.example");
	await anna.locator("dialog button[type=submit]").click();
	await anna.getByText("pr@akebono.example").waitFor();
	check("a contact window is added", true);
	await shot(anna, "organisation");
});

// ---- by keyboard alone ----
await part("keyboard", async () => {
	const page = await open();
	await page.goto(`${world.url}/sign-in`);
	await page.locator("input[name=login]").waitFor();
	const type = async (text) => page.keyboard.type(text);
	check("the first field has the focus", await page.evaluate(() => document.activeElement?.getAttribute("name") === "login"));
	await type("anna");
	await page.keyboard.press("Tab");
	await type(world.password.anna);
	await page.keyboard.press("Enter");
	await page.locator("nav.rail").waitFor();
	await page.locator("h1").waitFor();
	await page.locator(".skip").focus();
	check("the first stop leads to the content", await page.evaluate(() => document.querySelector("a[href], button, input") === document.activeElement));
	await page.keyboard.press("Enter");
	check("the content has the focus then", (await page.evaluate(() => document.activeElement?.id)) === "main", await page.evaluate(() => document.activeElement?.outerHTML));
	await page.keyboard.press("/");
	await page.locator("dialog[open] input").waitFor();
	await type("攻撃");
	await page.keyboard.press("Enter");
	await page.getByRole("link", { name: "標的型攻撃の指令サーバ" }).waitFor();
	await page.keyboard.press("j");
	await page.keyboard.press("j");
	check("j goes through the rows", (await page.locator("tr.at").count()) === 1 && (await page.evaluate(() => !!document.activeElement?.closest("tbody"))));
	await page.keyboard.press("k");
	await page.keyboard.press("Enter");
	await page.locator("[role=tablist]").waitFor();
	check("Enter opens a row; its heading has the focus", await page.evaluate(() => document.activeElement?.tagName === "H1"), await page.evaluate(() => document.activeElement?.outerHTML));
	await page.locator("[role=tab][aria-selected=true]").focus();
	await page.keyboard.press("ArrowRight");
	check("arrows go from tab to tab", (await page.locator("[role=tab][aria-selected=true]").innerText()) === "In force");
	await page.keyboard.press("?");
	await page.locator("dialog[open]").waitFor();
	await shot(page, "keyboard");
	await page.keyboard.press("Escape");
	check("Escape closes and gives the focus back", (await page.locator("dialog[open]").count()) === 0 && (await page.evaluate(() => document.activeElement?.getAttribute("role") === "tab")));
	await page.keyboard.press("g");
	await page.keyboard.press("d");
	await page.waitForURL(/\/directory$/);
	check("g d leads to the directory", true);
	await page.keyboard.press("Control+k");
	await page.locator("dialog[open] input").waitFor();
	await type("日本語");
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => document.documentElement.lang === "ja");
	check("the language is changed from the palette", (await page.locator("h1").innerText()) === "名簿");
	await page.context().close();
});

// ---- nothing for axe-core to find; nothing to scroll sideways ----
const sweeps = [
	{ name: "light-en", options: { colorScheme: "light" }, language: "en" },
	{ name: "dark-ja", options: { colorScheme: "dark", locale: "ja-JP" }, language: "ja" },
	{ name: "narrow-ja", options: { viewport: { width: 360, height: 740 }, colorScheme: "light", locale: "ja-JP" }, language: "ja" },
	{ name: "narrow-dark-en", options: { viewport: { width: 360, height: 740 }, colorScheme: "dark" }, language: "en" },
	{ name: "wall", options: { viewport: { width: 3840, height: 2160 }, colorScheme: "dark" }, language: "en" },
];
for (const sweep of sweeps) {
	await part(sweep.name, async () => {
		const page = await open({ ...sweep.options, bypassCSP: true });
		const found = [];
		await page.goto(`${world.url}/sign-in`);
		await page.locator("input[name=login]").waitFor();
		found.push(...(await examine(page, "sign-in")));
		await signIn(page, "anna");
		for (const [name, place] of Object.entries(pages)) {
			await visit(page, place);
			await quiet(page);
			found.push(...(await examine(page, name)));
			if (["situation", "threats", "search", "object", "approval", "directory"].includes(name)) await shot(page, `${name}-${sweep.name}`);
		}
		await visit(page, `/threats/objects/${world.evil}`);
		for (let at = 0; at < (await page.locator("main [role=tab]").count()); at++) {
			await page.locator("main [role=tab]").nth(at).click();
			await quiet(page);
			found.push(...(await examine(page, `hostile object, tab ${at}`)));
		}
		await page.keyboard.press("Escape");
		await page.locator("h1").focus();
		await page.keyboard.press("/");
		await page.locator("dialog[open]").waitFor();
		found.push(...(await examine(page, "palette")));
		await shot(page, `palette-${sweep.name}`);
		check(`axe-core finds nothing and nothing is too wide: ${sweep.name}`, found.length === 0, ...found);
		await page.context().close();
	});
}

await done();
