// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// What edges, foreign bundles and people wrote stays text; of two who decide at once one is told. Prints TAP.
import { check, done, open, part, quiet, shot, signIn, visit, world } from "./console_browser.mjs";

const as = (login) => ({ Authorization: `Basic ${Buffer.from(`${login}:${world.password[login]}`).toString("base64")}`, "Content-Type": "application/json" });
async function ask(method, path, body, login = "anna") {
	const answer = await fetch(`${world.url}/api/v1${path}`, { method, headers: as(login), body: body && JSON.stringify(body) });
	const text = await answer.text();
	return { status: answer.status, value: text ? JSON.parse(text) : undefined };
}

const anna = await open();
await signIn(anna, "anna");

// ---- text stays text ----
/** What of a page is no text, or ran. */
const alive = (page) =>
	page.evaluate(() => {
		const made = document.querySelectorAll("main img, main script, main iframe, main object, main svg[onload], dialog img, a[href^='javascript:' i]");
		const handlers = [...document.querySelectorAll("main *, dialog *")].filter((one) => [...one.attributes].some((it) => /^on/i.test(it.name)));
		return [...(window.hostile ? ["it ran"] : []), ...[...made, ...handlers].map((one) => one.outerHTML.slice(0, 200))];
	});
const bad = [];
const shown = [];
async function look(page, place) {
	await quiet(page);
	bad.push(...(await alive(page)).map((what) => `${place}: ${what}`));
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	if (wide > 0) bad.push(`${place}: ${wide} px too wide`);
	if ((await page.locator("main").innerText()).includes("<script>window.hostile=1")) shown.push(place);
}
await part("pages", async () => {
	const places = [
		"/threats?q=onerror",
		...["malware", "note", "identity", "location", "file", "report"].map((type) => `/threats?type=${type}`),
		"/threats/approvals",
		world.hostileApproval,
		world.hostileApproval.split("/approvals")[0],
		"/directory",
		"/directory?tab=people",
		"/directory?tab=groups",
		`/directory/organisations/${world.foreign}`,
		`/directory/people/${world.stranger}`,
		`/threats?${new URLSearchParams({ q: world.hostile })}`,
		"/situation",
		"/edges",
		"/edges?tab=events",
		"/edges?tab=sets",
		"/edges?tab=receipts",
		`/edges/${world.edge}`,
		...world.bundle.filter((id) => id !== world.evil).map((id) => `/threats/objects/${id}`),
	];
	for (const place of places) {
		await visit(anna, place);
		await look(anna, place);
	}
	check("hostile text is on the pages", shown.length > 30, shown);
	check("nothing that others wrote became an element or ran", bad.length === 0, ...bad);
});
await part("an object, all of it", async () => {
	bad.length = 0;
	await visit(anna, `/threats/objects/${world.evil}`);
	const tabs = anna.locator("main [role=tab]");
	for (let at = 0; at < (await tabs.count()); at++) {
		await tabs.nth(at).click();
		await look(anna, `tab ${at}`);
	}
	await anna.getByRole("button", { name: "Propose for a set" }).click();
	await look(anna, "propose");
	await anna.keyboard.press("Escape");
	check("all parts of an object stay text", bad.length === 0, ...bad);
	await shot(anna, "hostile");
});
await part("what a resolver answers", async () => {
	bad.length = 0;
	const asked = [];
	anna.on("request", (request) => asked.push(new URL(request.url()).pathname));
	await visit(anna, `/edges/${world.edge}`);
	for (const question of ["explain", "statistics"]) {
		await anna.locator("select[name=ask]").selectOption(question);
		if (question === "explain") await anna.locator("input[name=name]").fill("hostile.example");
		await anna.getByRole("button", { name: "Ask", exact: true }).click();
		await anna.locator("details summary").first().waitFor();
		await anna.locator("details summary").first().click();
		await look(anna, question);
		check(`an answer is shown in words and whole: ${question}`, (await anna.locator("main").innerText()).split("onerror").length > 4);
		await shot(anna, `hostile-${question}`);
	}
	check("answers stay text", bad.length === 0, ...bad);
	check("no number of an edge's leads a request elsewhere", asked.every((path) => !/hostile|onerror|sets\/me|\.\./.test(decodeURIComponent(path)) && path !== "/api/v1/me"), asked);
});

// ---- two who decide at once ----
/** Holds what these pages send to a decision until all of them have sent it. */
async function together(pages) {
	const held = [];
	let both;
	const all = new Promise((resolve) => (both = resolve));
	for (const page of pages)
		await page.route(/\/approvals\/[^/]+\/(approve|refuse)$/, async (route) => {
			held.push(route);
			if (held.length === pages.length) both();
			await all;
			await route.continue();
		});
	return { all, end: () => Promise.all(pages.map((page) => page.unroute(/\/approvals\//).catch(() => undefined))) };
}
async function race(persons, verbs, object) {
	const set = await ask("POST", "/sets", { names: { en: `Race of ${persons}`, ja: `競争 ${persons}` }, action: "block", persons, marking: { tlp: "green" } });
	const made = await ask("POST", `/sets/${set.value.id}/approvals`, { object, propose: true, reason: "a race" });
	const path = `/sets/${set.value.id}/approvals/${made.value.id}`;
	const pages = [await open(), await open()];
	const answers = [];
	await Promise.all(
		["ben", "gen"].map(async (login, at) => {
			await signIn(pages[at], login);
			pages[at].on("response", (answer) => answer.request().method() === "POST" && /\/(approve|refuse)$/.test(answer.url()) && answers.push({ login, status: answer.status() }));
			await visit(pages[at], `/threats${path}`);
			await pages[at].getByRole("button", { name: verbs[at], exact: true }).click();
			if (verbs[at] === "Refuse") await pages[at].locator("dialog textarea[name=reason]").fill("what I typed");
		}),
	);
	const gate = await together(pages);
	await Promise.all(pages.map((page) => page.locator("dialog[open] button[type=submit]").click()));
	await gate.all;
	const told = await Promise.all(pages.map((page) => Promise.race([page.locator("dialog[open] [role=alert]").waitFor().then(() => "told"), page.locator(".toast", { hasText: "Done" }).waitFor().then(() => "done")])));
	await gate.end();
	return { pages, told, answers, path, state: (await ask("GET", path)).value };
}
await part("two approvers", async () => {
	const { pages, told, answers, state } = await race(2, ["Approve", "Approve"], world.inside[1]);
	check("of two who approve at once one does", told.filter((one) => one === "done").length === 1 && answers.filter((one) => one.status === 200).length === 1, told, answers);
	check("... the other is refused and told", told.filter((one) => one === "told").length === 1 && answers.some((one) => one.status === 409 || one.status === 412), told, answers);
	check("one approval stands", state.state === "approved" && state.approvals.length === 1, state);
	const loser = pages[told.indexOf("told")];
	await loser.locator(".page-head .badge", { hasText: "In force" }).waitFor();
	check("the other's page shows what came of it", true);
	await shot(loser, "race");
	for (const page of pages) await page.context().close();
});
await part("one approves, one refuses", async () => {
	const { pages, told, answers, path, state } = await race(3, ["Approve", "Refuse"], world.inside[2]);
	check("of two who decide otherwise at once one does", answers.filter((one) => one.status === 200).length === 1 && answers.some((one) => one.status === 409 || one.status === 412), told, answers);
	const approved = answers.find((one) => one.status === 200)?.login === "ben";
	check("what stands is one decision alone", approved ? state.state === "proposed" && state.approvals.length === 1 : state.state === "refused" && !state.approvals?.length, state);
	if (approved) {
		const [, gen] = pages;
		check("nothing typed is lost", (await gen.locator("dialog textarea[name=reason]").inputValue()) === "what I typed");
		await gen.locator("ol.steps li", { hasText: "Approved" }).first().waitFor({ state: "attached" });
		await gen.locator("dialog[open] button[type=submit]").click();
		await gen.locator(".page-head .badge", { hasText: "Refused" }).waitFor();
		check("who looked again decides", (await ask("GET", path)).value.state === "refused");
	}
	for (const page of pages) await page.context().close();
});
await part("a decision while one looks elsewhere", async () => {
	const set = await ask("POST", "/sets", { names: { en: "Seen", ja: "確認" }, action: "block", persons: 3, marking: { tlp: "green" } });
	const made = await ask("POST", `/sets/${set.value.id}/approvals`, { object: world.inside[0], propose: true, reason: "seen" });
	const path = `/sets/${set.value.id}/approvals/${made.value.id}`;
	const gen = await open();
	await signIn(gen, "gen");
	await visit(gen, `/threats${path}`);
	await gen.getByRole("button", { name: "Approve", exact: true }).click();
	await gen.locator("dialog[open]").waitFor();
	check("somebody else approves first", (await ask("POST", `${path}/approve`, undefined, "ben")).status === 200);
	const now = new Date().toISOString();
	const live = { type: "indicator", spec_version: "2.1", id: `indicator--${crypto.randomUUID()}`, created: now, modified: now, pattern: "[ipv4-addr:value = '192.0.2.45']", pattern_type: "stix", valid_from: now };
	await fetch(`${world.url}/api/v1/objects`, { method: "POST", headers: { ...as("anna"), "Content-Type": "application/stix+json" }, body: JSON.stringify(live) });
	await gen.locator("ol.steps li", { hasText: "Approved" }).first().waitFor({ state: "attached" });
	await gen.locator("dialog[open] button[type=submit]").click();
	await gen.locator("dialog[open] [role=alert]").waitFor();
	check("a form decides about what was seen when it was opened", (await ask("GET", path)).value.approvals.length === 1);
	await gen.locator("dialog[open] button[type=submit]").click();
	await gen.locator(".page-head .badge", { hasText: "In force" }).waitFor();
	check("once told, one may go on", (await ask("GET", path)).value.approvals.length === 2);
	await gen.context().close();
});

await done();
