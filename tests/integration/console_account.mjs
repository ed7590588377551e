// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Passkeys, holds, and what the console does when the hub says no or nothing; console_browser.mjs has the rest.
import { check, done, examine, open, part, quiet, shot, signIn, visit, world } from "./console_browser.mjs";

const basic = (login) => ({ Authorization: `Basic ${Buffer.from(`${login}:${world.password[login]}`).toString("base64")}` });
const anna = await open();
let hold = "";

// ---- holds: what we watch, and who asked ----
await part("holds", async () => {
	await signIn(anna, "anna");
	await visit(anna, "/threats/holds");
	await anna.getByText("We hold nothing.").waitFor();
	await anna.getByRole("button", { name: "Place a hold" }).click();
	const form = anna.locator("dialog form");
	await form.locator("input[name=value]").fill("203.0.0.0/8");
	await form.locator("textarea[name=reason]").fill("吹雪の指令サーバを注視中");
	await form.locator("textarea[name=contact]").fill("CSIRT 当直 +81-3-0000-0000");
	await shot(anna, "hold-place");
	await form.locator("button[type=submit]").click();
	await form.locator(".wrong").waitFor();
	check("a hold that is too wide is refused at its field, and what was written stays", (await form.locator("textarea[name=reason]").inputValue()).includes("吹雪"));
	await anna.keyboard.press("Escape");
	await anna.getByRole("button", { name: "Discard it" }).waitFor();
	check("Escape asks before it throws away what was written", await form.isVisible());
	await form.locator("input[name=value]").fill("203[.]0[.]113[.]88");
	await form.locator("button[type=submit]").click();
	await anna.getByRole("heading", { name: "203.0.113.88" }).waitFor();
	hold = new URL(anna.url()).pathname;
	check("a hold is placed, also for a value that is written defanged", true);

	const carol = await open({ locale: "ja-JP" });
	await signIn(carol, "carol");
	await visit(carol, "/threats/holds");
	await carol.locator("input[name=asked]").fill("203.0.113.88");
	await carol.keyboard.press("Enter");
	await carol.getByText("保留されている。").waitFor();
	await carol.locator("input[name=asked]").fill("198.51.100.77");
	await carol.keyboard.press("Enter");
	await carol.getByText("保留されていない。").waitFor();
	check("another organisation asks, and learns yes or no of each value, no more", (await carol.locator("main tbody tr").count()) === 0);
	await carol.context().close();
	await visit(anna, "/threats");
	await visit(anna, hold);
	await anna.getByRole("link", { name: "Oversight commission" }).waitFor();
	check("the holder sees who asked", true);
	await shot(anna, "hold");
	await visit(anna, "/threats/holds");
	await anna.locator("section", { has: anna.getByRole("heading", { name: "Who asked" }) }).getByRole("link", { name: "Oversight commission" }).waitFor();
	await shot(anna, "holds");

	await visit(anna, hold);
	await anna.getByRole("button", { name: "Change" }).click();
	const reason = anna.locator("dialog textarea[name=reason]");
	await reason.fill("吹雪の指令サーバを警察と注視中");
	const until = new Date(Date.now() + 86_400_000).toISOString();
	const other = await fetch(`${world.url}/api/v1/holds/${hold.split("/").pop()}`, { method: "PUT", headers: { ...basic("anna"), "Content-Type": "application/json" }, body: JSON.stringify({ reason: "x", contact: "y", until }) });
	check("somebody else changes it meanwhile", other.status === 204, other.status);
	await anna.locator("dialog button[type=submit]").click();
	await anna.locator("dialog [role=alert]").waitFor();
	check("a change on top of another's is told, and nothing typed is lost", (await reason.inputValue()).includes("警察"));
	await anna.getByText("x", { exact: true }).waitFor({ state: "attached" });
	await anna.locator("dialog button[type=submit]").click();
	await anna.locator("dialog").waitFor({ state: "detached" });
	await anna.getByText("吹雪の指令サーバを警察と注視中").waitFor();
	check("and it can be made once more, on what is there now", true);
	await anna.getByRole("button", { name: "End the hold" }).click();
	await anna.locator("dialog .danger").click();
	await anna.locator(".page-head .badge", { hasText: "Ended" }).waitFor();
	await visit(anna, "/threats/holds?tab=over");
	await anna.getByRole("link", { name: "203.0.113.88" }).first().waitFor();
	check("one's own hold is ended", true);
});

// ---- passkeys, by an authenticator that Chromium plays ----
await part("passkeys", async () => {
	const page = await open();
	const wire = await page.context().newCDPSession(page);
	await wire.send("WebAuthn.enable");
	const { authenticatorId } = await wire.send("WebAuthn.addVirtualAuthenticator", {
		options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
	});
	const verified = (isUserVerified) => wire.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
	const byKey = page.getByRole("button", { name: "Sign in with a passkey" });
	const leave = async () => {
		await visit(page, "/account");
		await page.getByRole("button", { name: "Sign out" }).click();
		await byKey.waitFor();
	};
	await signIn(page, "ben");
	await visit(page, "/account");
	const section = page.locator("section", { has: page.getByRole("heading", { name: "Passkeys", exact: true }) });
	await section.getByText("You have no passkey yet.").waitFor();
	await verified(false);
	await section.locator("input[name=passkey]").fill("執務用ノートPC");
	await section.getByRole("button", { name: "Add a passkey" }).click();
	await section.getByText("No passkey was used").waitFor();
	check("a device that does not know its user adds none, and the page says so", (await section.locator("input[name=passkey]").inputValue()) === "執務用ノートPC");
	await verified(true);
	await section.getByRole("button", { name: "Add a passkey" }).click();
	await section.getByRole("rowheader", { name: "執務用ノートPC" }).waitFor();
	check("a passkey is added", true);
	await shot(page, "account");
	await section.locator("input[name=passkey]").fill("again");
	await section.getByRole("button", { name: "Add a passkey" }).click();
	await section.getByText("has a passkey of yours already").waitFor();
	check("the same device makes no second one", (await section.locator("tbody tr").count()) === 1);
	const { credentials } = await wire.send("WebAuthn.getCredentials", { authenticatorId });
	check("it is for the host that the hub is configured with, and found by itself", credentials.length === 1 && credentials[0].rpId === "localhost" && credentials[0].isResidentCredential, credentials);
	await leave();
	await verified(false);
	await byKey.click();
	await page.getByText("No passkey was used").waitFor();
	await verified(true);
	await byKey.click();
	await page.locator("nav.rail").waitFor();
	check("it signs in, without a login or a password", true);
	await visit(page, "/account");
	await section.getByRole("button", { name: "Remove 執務用ノートPC" }).click();
	await page.locator("dialog .danger").click();
	await section.getByText("You have no passkey yet.").waitFor();
	check("it is removed", true);
	await leave();
	await byKey.click();
	await page.getByText("The hub does not take this passkey").waitFor();
	check("and refused afterwards, in clear words", (await page.locator("nav.rail").count()) === 0);
	await shot(page, "passkey-refused");
	await page.getByRole("button", { name: "日本語" }).click();
	check("also in Japanese", (await page.locator(".gate [role=alert]").innerText()).includes("ハブはこのパスキーを受け付けない"));
	await page.context().close();
});

// ---- when the hub says no, or nothing ----
await part("refusals", async () => {
	const page = await open();
	await signIn(page, "anna");
	await visit(page, "/threats/holds");
	const typed = page.locator("input[name=asked]");
	const send = async () => {
		await typed.focus();
		await page.keyboard.press("Enter");
	};
	await typed.fill("203.0.113.99");
	for (const [status, title] of [[403, "You may not"], [409, "It contradicts"], [412, "Changed meanwhile"], [422, "Another request"], [429, "Too many requests"], [503, "Not at the moment"]]) {
		const headers = status === 429 ? { "Retry-After": "7" } : {};
		await page.route("**/api/v1/holds/ask", (route) =>
			route.fulfill({ status, headers, contentType: "application/problem+json", body: JSON.stringify({ type: "urn:hinomi:problem:x", title, status, detail: `because of ${status}` }) }));
		await send();
		await page.locator("[role=alert]", { hasText: `because of ${status}` }).waitFor();
		const shown = await page.locator("[role=alert]").innerText();
		check(`${status} is shown with its reason, and what was typed stays`, shown.includes(title) && (status !== 429 || shown.includes("7 s")) && (await typed.inputValue()) === "203.0.113.99", shown);
		await page.unroute("**/api/v1/holds/ask");
	}
	const keys = [];
	await page.route("**/api/v1/holds/ask", (route) => {
		keys.push(route.request().headers()["idempotency-key"]);
		return keys.length === 1 ? route.abort() : route.continue();
	});
	await send();
	await page.locator("[role=alert]", { hasText: "The hub does not answer" }).waitFor();
	check("a hub that is gone is told, and what was typed stays", (await typed.inputValue()) === "203.0.113.99");
	await send();
	await page.getByText("nobody holds it").waitFor();
	check("what is sent again without an answer is done once", keys.length === 2 && keys[0] === keys[1], keys);
	await page.unroute("**/api/v1/holds/ask");

	await page.route("**/api/v1/holds?**", (route) => route.abort());
	await page.getByRole("button", { name: "Place a hold" }).click();
	await page.locator("dialog textarea[name=reason]").fill("a long reason");
	await page.context().clearCookies();
	await page.locator("dialog input[name=value]").fill("203.0.113.99");
	await page.locator("dialog textarea[name=contact]").fill("somebody");
	await page.locator("dialog button[type=submit]").click();
	const gate = page.locator("dialog.gate");
	await gate.locator("input[name=login]").fill("anna");
	check("a session that ended asks to sign in where one is", new URL(page.url()).pathname === "/threats/holds");
	await shot(page, "lapsed");
	await page.keyboard.press("Escape");
	await page.keyboard.press("Escape");
	await gate.locator("input[name=password]").fill(world.password.anna);
	await page.keyboard.press("Enter");
	await gate.waitFor({ state: "detached" });
	check("and what was written is there afterwards", (await page.locator("dialog textarea[name=reason]").inputValue()) === "a long reason");
	await page.locator(".stale").first().waitFor({ state: "attached" });
	check("a list that cannot be asked for anew stays, and says so", (await page.locator("main [role=tab]").count()) === 3);
	await page.unroute("**/api/v1/holds?**");
	await page.locator("dialog button", { hasText: "Cancel" }).click();
	await page.locator(".stale button").first().click();
	await page.waitForFunction(() => !document.querySelector(".stale"));
	check("until it can", true);

	await visit(page, "/threats/extract");
	await page.locator("textarea[name=text]").fill("c2[.]kogarashi[.]example");
	await page.getByRole("button", { name: "Extract" }).click();
	await page.locator("tbody tr").first().waitFor();
	await visit(page, "/threats");
	await visit(page, "/threats/extract");
	check("a text that was pasted is there when one comes back", (await page.locator("textarea[name=text]").inputValue()).includes("kogarashi") && (await page.locator("tbody tr").count()) === 1);
	await page.context().close();
});

// ---- nothing for axe-core to find on these pages ----
for (const [name, options] of [
	["light-en", { colorScheme: "light" }],
	["narrow-dark-ja", { viewport: { width: 360, height: 740 }, colorScheme: "dark", locale: "ja-JP" }],
]) {
	await part(name, async () => {
		const page = await open({ ...options, bypassCSP: true });
		const found = [];
		await signIn(page, "anna");
		for (const [of, place] of Object.entries({ holds: "/threats/holds?tab=over", "hold-new": "/threats/holds?new=1&value=203.0.113.9", hold, account: "/account" })) {
			await visit(page, place);
			await quiet(page);
			found.push(...(await examine(page, of)));
			await shot(page, `${of}-${name}`);
		}
		check(`axe-core finds nothing and nothing is too wide: ${name}`, found.length === 0, ...found);
		await page.context().close();
	});
}

await done();
