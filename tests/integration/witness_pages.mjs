// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Drives a browser through the witness's pages; witness_pages.py made the witness. Prints TAP.
import { check, done, examine, open, part, shot, world } from "./console_browser.mjs";

const places = ["/", "/applications", `/applications/${world.application}`, `/applications/${world.signed}`, "/edges", `/edges/${world.edge}`, "/hub"];

async function enter(page) {
	await page.goto(`${world.url}/`);
	await page.locator("input[name=name]").fill(world.name);
	await page.locator("input[name=passphrase]").fill(world.passphrase);
	await page.keyboard.press("Enter");
	await page.locator("nav a[aria-current]").waitFor();
}

for (const [name, options] of Object.entries({
	light: {},
	"narrow-dark-ja": { viewport: { width: 360, height: 740 }, colorScheme: "dark", locale: "ja-JP" },
	"wall-dark": { viewport: { width: 3840, height: 2160 }, colorScheme: "dark" },
})) {
	await part(name, async () => {
		const page = await open(options);
		const japanese = options.locale === "ja-JP";
		await page.goto(`${world.url}/sign-in`);
		const found = await examine(page, "/sign-in");
		await enter(page);
		for (const place of places) {
			await page.goto(world.url + place);
			found.push(...(await examine(page, place)));
			const heading = await page.locator("h1").innerText();
			if (japanese !== /[ぁ-んァ-ヶ一-龠]/.test(heading)) found.push(`${place}: ${heading}`);
			if (await page.evaluate(() => window.hostile)) found.push(`${place}: a script of theirs ran`);
			if (await page.locator("main img, main script, main svg").count()) found.push(`${place}: an element of theirs`);
			if (place === "/") await shot(page, `witness-${name}`);
		}
		check(`${name}: nothing is against WCAG 2.2 AA, too wide, in the other language, or theirs`, found.length === 0, ...found);
		await page.context().close();
	});
}

await part("by keyboard alone", async () => {
	const page = await open();
	await enter(page);
	await page.goto(`${world.url}/edges/${world.other}`);
	await page.keyboard.press("Tab");
	check("the first stop leads to the content", (await page.evaluate(() => document.activeElement.className)) === "skip");
	await page.locator("input[name=reason]").focus();
	await page.keyboard.type("the machine was sold");
	await page.keyboard.press("Enter");
	await page.getByRole("rowheader", { name: "Revoked" }).waitFor();
	check("an edge is revoked", (await page.locator("input[name=reason]").count()) === 0);
	await page.goto(`${world.url}/applications/${world.application}`);
	await page.locator("textarea[name=reason]").focus();
	await page.keyboard.type(world.hostile);
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.getByText("refused").first().waitFor();
	check("an application is refused, and the reason stands there as text", (await page.locator("main").innerText()).includes(world.hostile));
	await page.context().close();
});

await done();
