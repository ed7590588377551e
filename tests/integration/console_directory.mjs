// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// The directory in a browser: organisations, groups, people, and two who change the same. Prints TAP.
import { createHmac } from "node:crypto";
import { check, done, examine, open, part, quiet, shot, signIn, visit, world } from "./console_browser.mjs";

const as = (login) => ({ Authorization: `Basic ${Buffer.from(`${login}:${world.password[login]}`).toString("base64")}` });
/** Asks the hub itself, beside the browser. */
async function ask(method, path, body, headers = as("anna")) {
	const answer = await fetch(`${world.url}/api/v1${path}`, { method, headers: { ...headers, ...(body ? { "Content-Type": "application/json" } : {}) }, body: body && JSON.stringify(body) });
	const text = await answer.text();
	return { status: answer.status, etag: answer.headers.get("etag"), value: text ? JSON.parse(text) : undefined };
}
/** Changes a thing as somebody else would meanwhile. */
async function alter(path, how, login = "anna") {
	const was = await ask("GET", path);
	return ask("PUT", path, how(was.value), { ...as(login), "If-Match": was.etag });
}
const card = (page, title) => page.locator("section.card", { has: page.getByRole("heading", { name: title, exact: true }) });
const dialog = (page) => page.locator("dialog[open]");
const save = (page) => dialog(page).locator("button[type=submit]").click();
const closed = (page) => page.waitForFunction(() => !document.querySelector("dialog[open]"));
/** Fills the fields of the open form by their names. */
async function fill(page, values) {
	for (const [name, value] of Object.entries(values)) {
		const field = dialog(page).locator(`[name="${name}"]`);
		if ((await field.evaluate((it) => it.tagName)) === "SELECT") await field.selectOption(value);
		else await field.fill(value);
	}
}
const wrongAt = (page, name) => dialog(page).locator(".field", { has: page.locator(`[name="${name}"]`) }).locator(".wrong");

const anna = await open();
await signIn(anna, "anna");
let own = "";

await part("an organisation", async () => {
	await visit(anna, "/directory");
	await anna.getByRole("button", { name: "New organisation" }).click();
	await fill(anna, { "name-ja": "暁ガス株式会社", "name-reading": "暁瓦斯", "name-en": "Akatsuki Gas", kind: "operator" });
	await save(anna);
	await wrongAt(anna, "name-reading").waitFor();
	check("what is wrong is said at its field", /kana/.test(await wrongAt(anna, "name-reading").innerText()) && (await dialog(anna).locator(".alert li").count()) === 0, await dialog(anna).innerText());
	await fill(anna, { "name-reading": "あかつきがす" });
	await save(anna);
	await anna.getByRole("heading", { name: "Akatsuki Gas" }).waitFor();
	own = new URL(anna.url()).pathname.split("/").pop();
	await anna.getByRole("button", { name: "Change what it is" }).click();
	await dialog(anna).locator("fieldset", { hasText: "Critical-infrastructure" }).getByLabel("Gas", { exact: true }).check();
	await dialog(anna).locator("fieldset", { hasText: "Core-infrastructure" }).getByLabel("Gas", { exact: true }).check();
	await fill(anna, { core: "Hydrogen!", parent: { label: "Electric power CEPTOAR" } });
	await save(anna);
	await wrongAt(anna, "core").waitFor();
	await fill(anna, { core: "hydrogen" });
	await save(anna);
	await closed(anna);
	const { value } = await ask("GET", `/organisations/${own}`);
	check("two lists of sectors, and what it belongs to", `${value.sectors.critical} / ${value.sectors.core}` === "gas / gas,hydrogen" && value.parents.length === 1, value);
});

await part("its lists", async () => {
	await card(anna, "Contact windows").getByRole("button", { name: "Add" }).click();
	await fill(anna, { title: "Night desk", mail: "night@akatsuki.example", openpgp: "0123 4567 89AB CDEF" });
	await save(anna);
	await anna.getByText("night@akatsuki.example").waitFor();
	await anna.getByRole("button", { name: "Change Night desk" }).click();
	await fill(anna, { mail: "desk@akatsuki.example", hours: "00-24" });
	await save(anna);
	await anna.getByText("desk@akatsuki.example").waitFor();
	await card(anna, "Holdings").getByRole("button", { name: "Add" }).click();
	await fill(anna, { value: "192.0.2.77/24", state: "claimed" });
	await save(anna);
	await wrongAt(anna, "value").waitFor();
	check("a prefix that is none is told at the field", /192\.0\.2\.0\/24/.test(await wrongAt(anna, "value").innerText()), await dialog(anna).innerText());
	await fill(anna, { value: "192.0.2.0/25", until: "2030-01-01T00:00" });
	await save(anna);
	await anna.getByRole("button", { name: "Change 192.0.2.0/25" }).click();
	await fill(anna, { state: "proved", note: "by the registry" });
	await save(anna);
	await anna.getByText("by the registry").waitFor();
	await card(anna, "Agreements").getByRole("button", { name: "Add" }).click();
	await fill(anna, { tlp_max: "amber" });
	await dialog(anna).getByLabel("Defence", { exact: true }).check();
	await save(anna);
	await closed(anna);
	await card(anna, "Agreements").getByText("TLP:AMBER").waitFor();
	const { value } = await ask("GET", `/organisations/${own}`);
	check("a window was changed in its place", value.contact_windows.length === 1 && value.contact_windows[0].hours === "00-24" && value.contact_windows[0].openpgp, value.contact_windows);
	check("a holding is proved, until its date", value.holdings.length === 1 && value.holdings[0].state === "proved" && value.holdings[0].stated && value.holdings[0].until, value.holdings);
	check("an agreement with the centre", value.agreements[0].partner === world.centre && value.agreements[0].purposes[0] === "defence", value.agreements);
	await shot(anna, "directory-organisation");
});

let group = "";
await part("a group and its members", async () => {
	await visit(anna, "/directory?tab=groups");
	await anna.getByRole("button", { name: "New group" }).click();
	await fill(anna, { "name-ja": "電力共有会", "name-en": "Power circle", description: "Who keeps the lights on." });
	await save(anna);
	await anna.getByRole("heading", { name: "Power circle" }).waitFor();
	group = new URL(anna.url()).pathname.split("/").pop();
	await anna.getByRole("button", { name: "Change the group" }).click();
	await fill(anna, { description: "Who keeps the lights and the gas on." });
	await save(anna);
	await anna.getByText("and the gas on").waitFor();
	await visit(anna, `/directory/organisations/${world.power}`);
	await card(anna, "Memberships").getByRole("button", { name: "Add" }).click();
	await fill(anna, { group });
	await dialog(anna).getByLabel("Secrecy duty").check();
	await save(anna);
	await card(anna, "Memberships").getByText("not yet").waitFor();
	check("a membership is offered", true);
});

await part("an organisation's own administrator", async () => {
	const dora = await open();
	await signIn(dora, "dora");
	await visit(dora, `/directory/organisations/${world.power}`);
	check("rights are the centre's", (await card(dora, "Agreements").getByRole("button").count()) === 0 && (await dora.getByText("are changed by the centre").isVisible()), await dora.locator("main").innerText());
	await card(dora, "Memberships").getByRole("button", { name: "Consent" }).click();
	await dialog(dora).getByText("secrecy").waitFor();
	await save(dora);
	await closed(dora);
	await card(dora, "Memberships").locator("time").first().waitFor();
	check("what was offered is consented to", (await ask("GET", `/organisations/${world.power}`)).value.memberships[0].consent !== undefined);
	await dora.getByRole("button", { name: "Change akebono.example" }).click();
	await dialog(dora).getByText("a claim again").waitFor();
	await fill(dora, { note: "ours" });
	await save(dora);
	await closed(dora);
	await dora.getByText("ours", { exact: true }).waitFor();
	check("what it changes is a claim", (await ask("GET", `/organisations/${world.power}`)).value.holdings.find((one) => one.value === "akebono.example").state === "claimed");
	await card(dora, "Machines").getByRole("button", { name: "Add" }).click();
	await fill(dora, { title: "mail gateway" });
	await save(dora);
	const token = await dialog(dora).locator(".secret").innerText();
	check("a machine's token is shown once", /^hnm_/.test(token) && (await ask("GET", "/me", undefined, { Authorization: `Bearer ${token}` })).value.machine === true, token);
	await dora.keyboard.press("Escape");
	await closed(dora);
	await dora.getByRole("button", { name: "Take away mail gateway" }).click();
	await dialog(dora).getByRole("button", { name: "Take away" }).click();
	await dora.getByRole("rowheader", { name: "mail gateway" }).waitFor({ state: "detached" });
	check("... and taken away", (await ask("GET", "/me", undefined, { Authorization: `Bearer ${token}` })).status === 401);
	await dora.context().close();
});

await part("two who change the same", async () => {
	await visit(anna, "/directory");
	await visit(anna, `/directory/organisations/${own}`);
	await anna.getByRole("button", { name: "Change Night desk" }).click();
	await fill(anna, { telephone: "+81-3-0000-1111" });
	const other = await alter(`/organisations/${own}`, (of) => ({ ...of, kind: "vendor", contact_windows: [...of.contact_windows, { title: "Day desk" }] }));
	check("somebody else is first", other.status === 204, other);
	await save(anna);
	const told = dialog(anna).getByRole("alert");
	await told.waitFor();
	const said = await told.innerText();
	check("what the other did is told", /Somebody else/.test(said) && /Day desk/.test(said) && /Vendor/.test(said) && /Operator/.test(said), said);
	check("what was typed is there still", (await dialog(anna).locator("[name=telephone]").inputValue()) === "+81-3-0000-1111");
	check("nothing was written meanwhile", !(await ask("GET", `/organisations/${own}`)).value.contact_windows.some((one) => one.telephone));
	await shot(anna, "directory-conflict");
	await save(anna);
	await closed(anna);
	const { value } = await ask("GET", `/organisations/${own}`);
	check("saving again keeps both", value.kind === "vendor" && value.contact_windows.length === 2 && value.contact_windows[0].telephone === "+81-3-0000-1111", value);
	await anna.getByRole("button", { name: "Change what it is" }).click();
	await fill(anna, { "name-en": "Akatsuki Gas, mine" });
	await alter(`/organisations/${own}`, (of) => ({ ...of, names: of.names.map((one) => (one.language === "en" ? { ...one, name: "Akatsuki Gas, theirs" } : one)) }));
	await save(anna);
	await told.waitFor();
	check("where both changed the same it is said", /You changed this too/.test(await told.innerText()) && /theirs/.test(await told.innerText()), await told.innerText());
	await dialog(anna).getByRole("button", { name: "Cancel" }).click();
	check("who gives up changes nothing", (await ask("GET", `/organisations/${own}`)).value.names.some((one) => one.name === "Akatsuki Gas, theirs"));
});

await part("a person", async () => {
	await visit(anna, "/directory?tab=people");
	await anna.getByRole("button", { name: "New person" }).click();
	await fill(anna, { login: "Emi!", "name-ja": "中村 恵美", "name-reading": "なかむら えみ", "name-en": "Emi Nakamura", "new-password": "short" });
	await save(anna);
	await wrongAt(anna, "login").waitFor();
	await fill(anna, { login: "emi" });
	await save(anna);
	await wrongAt(anna, "new-password").waitFor();
	check("only the password was refused", await dialog(anna).getByText("The person is there").isVisible(), await dialog(anna).innerText());
	await fill(anna, { "new-password": "a long password of emi" });
	await save(anna);
	await anna.getByRole("heading", { name: "Emi Nakamura" }).waitFor();
	const emi = new URL(anna.url()).pathname.split("/").pop();
	await card(anna, "Organisation and roles").getByRole("button", { name: "Add" }).click();
	await fill(anna, { organisation: own, until: "2030-04-01T00:00" });
	check("commissioners are of the commission", (await dialog(anna).getByLabel("Commissioner").count()) === 0);
	await dialog(anna).getByLabel("Reporter").check();
	await save(anna);
	await closed(anna);
	await card(anna, "Organisation and roles").getByText("Reporter").waitFor();
	check("a place in another organisation, until its date", (await ask("GET", `/people/${emi}`)).value.places[1].until !== undefined);
	await card(anna, "Clearance").getByRole("button", { name: "Change" }).click();
	await fill(anna, { level: "secret" });
	await save(anna);
	await wrongAt(anna, "until").waitFor();
	check("a clearance without an end is refused at the field", true);
	await fill(anna, { until: "2030-04-01T00:00" });
	await save(anna);
	await dialog(anna).getByRole("alert").waitFor();
	check("who gave the password gives no clearance", (await ask("GET", `/people/${emi}`)).value.clearance === undefined && (await dialog(anna).locator("[name=level]").inputValue()) === "secret", await dialog(anna).innerText());
	await dialog(anna).getByRole("button", { name: "Cancel" }).click();
	const made = await ask("POST", "/people", { login: "fuki", names: [{ language: "en", name: "Fuki" }], places: [{ organisation: world.centre, roles: ["analyst"] }] });
	await visit(anna, `/directory/people/${made.value.id}`);
	await card(anna, "Clearance").getByRole("button", { name: "Change" }).click();
	await fill(anna, { level: "secret", until: "2030-04-01T00:00" });
	await save(anna);
	await closed(anna);
	await card(anna, "Clearance").getByText("Secret").waitFor();
	check("a clearance until its date", /^2030-/.test((await ask("GET", `/people/${made.value.id}`)).value.clearance?.until), await card(anna, "Clearance").innerText());

	// A second factor of the person's own, which an administrator sees and takes away.
	const session = (await ask("POST", "/sign-in", { login: "emi", password: "a long password of emi" }, {})).value.token;
	const mine = { Authorization: `Bearer ${session}` };
	const begun = (await ask("POST", "/me/totp", undefined, mine)).value;
	const bits = [...begun.secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
	const step = Buffer.alloc(8);
	step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
	const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(step).digest();
	const code = String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
	check("a second factor is put in force", (await ask("PUT", "/me/totp", { pending: begun.pending, code }, mine)).status === 204);
	for (let n = 0; n < 7; n++) await ask("POST", "/sign-in", { login: "emi", password: "a wrong password" }, {});
	await visit(anna, `/directory/people/${emi}`);
	await anna.getByText("Failed sign-ins").waitFor();
	check("an administrator sees the second factor", (await card(anna, "What one signs in with").getByText("Second factor").count()) > 0);
	await shot(anna, "directory-person");
	await anna.getByRole("button", { name: "Lift the lock-out" }).click();
	await anna.getByText("No failed sign-in").waitFor();
	check("a lock-out is shown and lifted", (await ask("GET", `/people/${emi}/lockout`)).value.failures === 0);
	await anna.getByRole("button", { name: "End the account" }).click();
	await save(anna);
	await anna.locator(".page-head .badge", { hasText: "Inactive" }).waitFor();
	check("who ended signs in no more", (await ask("POST", "/sign-in", { login: "emi", password: "a long password of emi" }, {})).status === 401);
	await anna.getByRole("button", { name: "Restore the account" }).click();
	await save(anna);
	await anna.locator(".page-head .badge", { hasText: "Active" }).waitFor();
});

await part("one's own rights", async () => {
	const me = world.people.anna;
	await visit(anna, `/directory/people/${me}`);
	await anna.getByText("Nobody changes their own roles").waitFor();
	const main = anna.locator("main");
	check("the page offers no rights of one's own", (await main.getByRole("button", { name: /^(End the account|New password|Change Clearance|Change National|Add)/ }).count()) === 0, await main.innerText());
	await anna.getByRole("button", { name: "Change names and mail" }).click();
	check("nor one's own login", (await dialog(anna).locator("[name=login]").count()) === 0);
	await fill(anna, { mail: "anna@nco.example" });
	await save(anna);
	await anna.getByText("anna@nco.example").waitFor();
	const raised = {
		roles: (of) => ({ ...of, places: [{ ...of.places[0], roles: [...of.places[0].roles, "auditor"] }] }),
		place: (of) => ({ ...of, places: [...of.places, { organisation: world.power, roles: ["administrator"] }] }),
		clearance: (of) => ({ ...of, clearance: { level: "top-secret", until: "2030-01-01T00:00:00Z" } }),
		handling: (of) => ({ ...of, handlings: [{ authorization: crypto.randomUUID() }] }),
	};
	for (const [what, how] of Object.entries(raised)) {
		const answer = await alter(`/people/${me}`, how);
		check(`the hub refuses one's own ${what}`, answer.status === 403 && answer.value.errors?.[0]?.pointer !== undefined, answer);
	}
	const theirs = await alter(`/people/${world.people.dora}`, raised.roles, "dora");
	check("... and an organisation's administrator's", theirs.status === 403, theirs);
	await visit(anna, `/directory/organisations/${world.centre}`);
	await anna.getByText("Nobody changes the rights of their own organisation").waitFor();
	check("nor of one's own organisation", (await card(anna, "Agreements").getByRole("button").count()) === 0 && (await card(anna, "Memberships").getByRole("button").count()) === 0);
	const organisation = await alter(`/organisations/${world.centre}`, (of) => ({ ...of, agreements: [{ partner: world.power, tlp_max: "red", onward: true }] }));
	check("... which the hub refuses too", organisation.status === 403, organisation);
});

for (const [name, options] of Object.entries({ light: { colorScheme: "light" }, "narrow-ja": { viewport: { width: 360, height: 740 }, colorScheme: "dark", locale: "ja-JP" } })) {
	await part(name, async () => {
		const page = await open({ ...options, bypassCSP: true });
		const found = [];
		await signIn(page, "anna");
		for (const place of [`/directory/organisations/${own}`, `/directory/people/${world.people.dora}`, `/directory/groups/${group}`]) {
			await visit(page, place);
			await quiet(page);
			found.push(...(await examine(page, place)));
			const buttons = page.locator("main .page-head button, main .card-head button");
			for (let at = 0; at < (await buttons.count()); at++) {
				const label = await buttons.nth(at).innerText();
				await buttons.nth(at).click();
				await dialog(page).waitFor();
				await quiet(page);
				found.push(...(await examine(page, `${place}: ${label}`)));
				if (at === 1) await shot(page, `directory-${name}`);
				await page.keyboard.press("Escape");
				await closed(page);
			}
		}
		check(`axe-core finds nothing in pages and forms, nothing is too wide: ${name}`, found.length === 0, ...found);
		await page.context().close();
	});
}

await done();
