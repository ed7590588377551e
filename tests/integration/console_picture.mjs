// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// The README's pictures, of what console_picture.py runs.
import { check, done, open, quiet, shot, signIn, visit } from "./console_browser.mjs";

for (const [name, locale] of [["console", "en-GB"], ["console.ja", "ja-JP"]]) {
	const page = await open({ locale, viewport: { width: 1360, height: 960 }, timezoneId: "Asia/Tokyo" });
	await signIn(page, "anna");
	await visit(page, "/situation");
	await page.locator(".columns svg a").first().waitFor();
	await page.locator("main tbody a").first().waitFor();
	await page.locator(".live.on").waitFor();
	await quiet(page);
	await shot(page, name);
	check(`${name}.png`, true);
	await page.context().close();
}
await done();
