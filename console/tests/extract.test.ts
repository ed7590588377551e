// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import assert from "node:assert/strict";
import test from "node:test";
import { bundleOf, uuid4 } from "../src/model/bundle";
import { defang, domain, extract, ipv4, ipv6, kindOf, patternOf, prefixBits, refang } from "../src/model/extract";

const values = (text: string) => extract(text).map((one) => `${one.kind} ${one.value}`);

test("defanged values are what they stand for", () => {
	const cases: [string, string][] = [
		["hxxp://evil[.]example/a", "http://evil.example/a"],
		["hXXps[:]//evil(.)example", "https://evil.example"],
		["hxxps[://]evil{.}example", "https://evil.example"],
		["h**p://evil[.]example", "http://evil.example"],
		["198[.]51[.]100[.]7", "198.51.100.7"],
		["evil[dot]example", "evil.example"],
		["evil (dot) example", "evil.example"],
		["user[at]evil[.]example", "user@evil.example"],
		["evil\\.example", "evil.example"],
		["ｅｖｉｌ．ｅｘａｍｐｌｅ", "evil.example"],
	];
	for (const [written, wanted] of cases) assert.equal(refang(written), wanted);
});

test("what is defanged comes back the same", () => {
	for (const value of ["https://evil.example/a.b", "198.51.100.7", "evil.example"]) assert.equal(refang(defang(value)), value);
});

test("values are found in text as people write it", () => {
	const cases: [string, string[]][] = [
		["通信先は hxxps://evil[.]example/gate.php?id=1、及び198[.]51[.]100[.]7。", ["url https://evil.example/gate.php?id=1", "ipv4 198.51.100.7"]],
		["(see http://evil.example/path_(a))", ["url http://evil.example/path_(a)"]],
		["Blocked: 203.0.113.0/24, 2001:db8::/32 and 2001:db8::1.", ["cidr4 203.0.113.0/24", "cidr6 2001:db8::/32", "ipv6 2001:db8::1"]],
		["mail from Kuro@Evil.EXAMPLE, subject", ["email Kuro@evil.example"]],
		["md5 d41d8cd98f00b204e9800998ecf8427e", ["md5 d41d8cd98f00b204e9800998ecf8427e"]],
		["SHA1: DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", ["sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"]],
		["evil.example evil[.]example EVIL.example", ["domain evil.example"]],
		["ドメイン名evil.exampleを遮断", ["domain evil.example"]],
		["version 1.2.3 of 12:30:45 at 256.1.1.1", []],
		["", []],
	];
	for (const [text, wanted] of cases) assert.deepEqual(values(text), wanted, text);
});

test("the same value is counted, and its line kept", () => {
	const [one] = extract("first\nseen evil[.]example here\nand evil.example");
	assert.equal(one?.times, 2);
	assert.equal(one?.written, "evil[.]example");
	assert.equal(one?.around, "seen evil[.]example here");
});

test("what is likely no indicator is doubted", () => {
	const doubt = (text: string) => extract(text)[0]?.doubt;
	assert.equal(doubt("10.1.2.3"), "inside");
	assert.equal(doubt("172.16.0.1"), "inside");
	assert.equal(doubt("172.32.0.1"), undefined);
	assert.equal(doubt("fe80::1"), "inside");
	assert.equal(doubt("invoice.exe"), "file");
	assert.equal(doubt("www.example.com"), "reserved");
	assert.equal(doubt("evil.example"), undefined);
});

test("addresses are addresses", () => {
	for (const good of ["0.0.0.0", "255.255.255.255"]) assert.ok(ipv4(good));
	for (const bad of ["1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5"]) assert.ok(!ipv4(bad), bad);
	for (const good of ["::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "fe80::"]) assert.ok(ipv6(good), good);
	for (const bad of [":::", "1::2::3", "1:2:3", "12345::", "1:2:3:4:5:6:7:8:9", "12:30:45", "::ffff:1.2.3.999"]) assert.ok(!ipv6(bad), bad);
	assert.deepEqual(prefixBits("192.0.2.0/24"), { bits: 24, family: 4 });
	assert.equal(prefixBits("192.0.2.0/33"), undefined);
	assert.ok(domain("日本語.jp") && domain("xn--wgv71a.jp") && !domain("-a.example") && !domain("example"));
	assert.equal(kindOf("not a value"), undefined);
});

test("a long or hostile text is read in reasonable time", () => {
	const begun = performance.now();
	for (const one of ["a.".repeat(200_000), "1.".repeat(200_000), "a@".repeat(100_000), "[.]".repeat(100_000), ":".repeat(300_000), "http://".repeat(50_000), "f".repeat(300_000)]) extract(one);
	assert.ok(performance.now() - begun < 60_000);
});

test("a pattern says its value and nothing else", () => {
	assert.equal(patternOf("url", "http://a/'] OR [x:y = '"), "[url:value = 'http://a/\\'] OR [x:y = \\'']");
	assert.equal(patternOf("domain", "a\\b"), "[domain-name:value = 'a\\\\b']");
	assert.equal(patternOf("cidr6", "2001:db8::/32"), "[ipv6-addr:value ISSUBSET '2001:db8::/32']");
});

test("a bundle holds an indicator each, and a report where it has a title", () => {
	let seed = 0;
	const random = (bytes: Uint8Array) => bytes.fill(++seed);
	const what = { values: [{ kind: "ipv4" as const, value: "198.51.100.7" }], title: "x", description: "", tlp: "amber" as const, pap: "green" as const, confidence: 70, types: [] };
	const now = new Date("2026-11-21T00:00:00Z");
	const { objects } = bundleOf(what, now, random);
	assert.deepEqual(objects.map((one) => one.type), ["indicator", "report"]);
	assert.deepEqual(objects[1]?.object_refs, [objects[0]?.id]);
	assert.equal(bundleOf({ ...what, title: "" }, now, random).objects.length, 1);
	assert.match(uuid4(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
