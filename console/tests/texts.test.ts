// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import assert from "node:assert/strict";
import test from "node:test";
import { cutEvents } from "../src/api/events";
import { Refused } from "../src/api/problem";
import { en } from "../src/lang/en";
import { ja } from "../src/lang/ja";
import { fill } from "../src/lang/text";
import { bytes, fromInput, localTime, number, parseTime, relativeTime, toInput, utcTime } from "../src/model/format";
import { question } from "../src/model/question";
import { patternValues, references, titleOf } from "../src/model/stix";
import { preferred } from "../src/preferences";

test("both languages say everything, with the same places to fill", () => {
	const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]).sort();
	assert.deepEqual(Object.keys(ja).sort(), Object.keys(en).sort());
	for (const [key, text] of Object.entries(en)) {
		const other = ja[key as keyof typeof en];
		assert.ok(text && other, key);
		assert.deepEqual(places(other), places(text), key);
		assert.ok(!/[\u3040-\u30ff\u4e00-\u9fff]/.test(text), key);
	}
	assert.equal(fill("{a} of {b}", { a: 1 }), "1 of {b}");
	assert.equal(preferred(["fr", "ja-JP", "en"]), "ja");
	assert.equal(preferred(["fr"]), "en");
});

test("what is typed decides how the hub is asked", () => {
	const cases: [string, string, string][] = [
		["203.0.113.9", "value", "203.0.113.9"],
		["203.0.113.0/24", "inside", "203.0.113.0/24"],
		["*.Evil.example", "inside", "evil.example"],
		["hxxp://Evil[.]example/A", "value", "http://evil.example/A"],
		["攻撃 指令", "text", "攻撃 指令"],
		["[ipv4-addr:value = '1.2.3.4']", "pattern", "[ipv4-addr:value = '1.2.3.4']"],
	];
	for (const [typed, way, asked] of cases) {
		const found = question(typed);
		assert.equal(found?.way, way, typed);
		assert.equal(found?.asked, asked, typed);
		assert.ok(found?.ways.includes(found.way));
	}
	assert.equal(question("  "), undefined);
	const id = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
	assert.equal(question(` ${id} `)?.object, id);
});

test("times are local, and UTC beside", () => {
	const time = parseTime("2026-11-21T15:04:05.123456Z");
	assert.ok(time);
	assert.equal(utcTime(time), "2026-11-21 15:04:05 UTC");
	assert.match(localTime(time, "ja", "Asia/Tokyo"), /2026\/11\/22.*00:04:05/);
	assert.equal(relativeTime(new Date(0), new Date(3_600_000), "en"), "1 hour ago");
	assert.equal(parseTime("no time"), undefined);
	const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
	assert.equal(fromInput(toInput(minute)), minute.toISOString());
	assert.equal(number(1234567, "en"), "1,234,567");
	assert.equal(bytes(1536, "en"), "1.5 KiB");
});

test("events are cut where they end", () => {
	const first = cutEvents("event: objects\nid: 7\ndata: {\"count\":1}\n\n: quiet\n\nevent: obj");
	assert.deepEqual(first.events, [{ event: "objects", id: "7", data: { count: 1 } }]);
	assert.equal(first.rest, "event: obj");
	const whole = "event: a\ndata: 1\n\nevent: b\ndata: 2\ndata: 3\n\n";
	for (let at = 0; at < whole.length; at++) {
		const head = cutEvents(whole.slice(0, at));
		const tail = cutEvents(head.rest + whole.slice(at));
		assert.equal([...head.events, ...tail.events].length, 2, String(at));
	}
});

test("a problem says what is wrong with which field", () => {
	const problem = { type: "urn:hinomi:problem:malformed", title: "x", status: 400, errors: [{ pointer: "/names/0/name", detail: "a" }, { parameter: "limit", detail: "b" }] };
	const refused = new Refused(problem, 400, null, null);
	assert.equal(refused.of("names"), "a");
	assert.equal(refused.of("limit"), "b");
	assert.equal(refused.word, "malformed");
	assert.equal(refused.of("names/*/name"), "a");
	assert.equal(refused.of("names/*/reading"), undefined);
	assert.equal(refused.of("names/1"), undefined);
	assert.equal(refused.of("nam"), undefined);
	assert.deepEqual(refused.besides(["names/*/name"]), [{ parameter: "limit", detail: "b" }]);
	assert.deepEqual(refused.besides(["names/*/reading", "limit"]), [{ pointer: "/names/0/name", detail: "a" }]);
});

test("what others wrote is read with care", () => {
	assert.equal(titleOf({ type: "file", hashes: { MD5: "abc" } }), "abc");
	assert.equal(titleOf({ name: 7, id: "x" }), "x");
	assert.equal(titleOf({ name: "a\nb" }), "a b");
	assert.deepEqual(patternValues("[url:value = 'a\\'b' OR ipv4-addr:value ISSUBSET '192.0.2.0/24']"), [
		{ path: "url:value", value: "a'b" },
		{ path: "ipv4-addr:value", value: "192.0.2.0/24" },
	]);
	assert.deepEqual(references({ created_by_ref: "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", object_refs: ["bad", 7] }), [
		{ member: "created_by_ref", id: "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f" },
	]);
});
