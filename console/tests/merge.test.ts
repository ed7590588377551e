// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, merge, same } from "../src/model/merge";

const base = { kind: "operator", names: [{ language: "en", name: "A" }], holdings: [{ v: 1 }, { v: 2 }], sectors: { critical: ["gas"] } };

test("the order of members is no difference", () => {
	assert.ok(same({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
	assert.ok(same({ a: 1, b: undefined }, { a: 1 }));
	assert.ok(!same([1, 2], [2, 1]));
	assert.ok(!same({ a: null }, { a: {} }));
	assert.ok(!same([], {}));
});

test("what changed is told element by element", () => {
	assert.deepEqual(differences(base, { ...base, holdings: [{ v: 2 }, { v: 3 }], kind: "vendor" }), [
		{ member: "kind", gone: ["operator"], come: ["vendor"] },
		{ member: "holdings", gone: [{ v: 1 }], come: [{ v: 3 }] },
	]);
	assert.deepEqual(differences({ login: "a" }, { login: "a", mail: "b" }), [{ member: "mail", gone: [], come: ["b"] }]);
	assert.deepEqual(differences(base, base), []);
});

test("changes of different members both hold", () => {
	const merged = merge(base, { ...base, kind: "vendor" }, { ...base, sectors: { critical: ["water"] } });
	assert.deepEqual(merged, { value: { ...base, kind: "vendor", sectors: { critical: ["water"] } }, clashes: [] });
});

test("changes of one list both hold", () => {
	const mine = { ...base, holdings: [{ v: 1 }, { v: 2, note: "mine" }] };
	const theirs = { ...base, holdings: [{ v: 1 }, { v: 2 }, { v: 3 }] };
	assert.deepEqual(merge(base, mine, theirs), { value: { ...base, holdings: [{ v: 1 }, { v: 2, note: "mine" }, { v: 3 }] }, clashes: [] });
	const added = { ...base, holdings: [...base.holdings, { v: 4 }] };
	assert.deepEqual(merge(base, added, theirs).value.holdings, [{ v: 1 }, { v: 2 }, { v: 3 }, { v: 4 }]);
	const removed = { ...base, holdings: [{ v: 2 }] };
	assert.deepEqual(merge(base, removed, theirs).value.holdings, [{ v: 2 }, { v: 3 }]);
});

test("a list that is made by both", () => {
	assert.deepEqual(merge({ a: 1 }, { a: 1, list: [1] }, { a: 1, list: [2] }), { value: { a: 1, list: [2, 1] }, clashes: [] });
	assert.deepEqual(merge({ a: 1, list: [1] }, { a: 1 }, { a: 1, list: [1, 2] }), { value: { a: 1, list: [2] }, clashes: [] });
});

test("the same change by both is one", () => {
	const both = { ...base, holdings: [{ v: 1 }, { v: 9 }], kind: "vendor" };
	assert.deepEqual(merge(base, both, both), { value: both, clashes: [] });
});

test("where both changed the same, mine stays and it is said", () => {
	assert.deepEqual(merge({ mail: "a" }, { mail: "mine" }, { mail: "theirs" }), { value: { mail: "mine" }, clashes: ["mail"] });
	assert.deepEqual(merge({ mail: "a", x: 1 }, { x: 1 } as { mail?: string; x: number }, { mail: "theirs", x: 1 }), { value: { x: 1 }, clashes: ["mail"] });
	const list = merge(base, { ...base, holdings: [{ v: 1 }, { v: "mine" }] }, { ...base, holdings: [{ v: 1 }, { v: "theirs" }] });
	assert.deepEqual(list.value.holdings, [{ v: 1 }, { v: "theirs" }, { v: "mine" }]);
	assert.deepEqual(list.clashes, ["holdings"]);
});
