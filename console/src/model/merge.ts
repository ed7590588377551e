// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Two people changed one thing. What each of them changed is told apart, member by member, and element by element in lists,
// so that the later one loses nothing that was typed and takes nothing back that the other did.

export interface Difference {
	member: string;
	/** What is not there any more, and what is there instead. */
	gone: unknown[];
	come: unknown[];
}

type Thing = Readonly<Record<string, unknown>>;

/** Whether two values of JSON are the same, in whatever order their members stand. */
export function same(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== "object" || typeof b !== "object" || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false;
	if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => same(one, b[at]));
	const left = a as Thing;
	const right = b as Thing;
	const names = (of: Thing) => Object.keys(of).filter((name) => of[name] !== undefined);
	return names(left).length === names(right).length && names(left).every((name) => same(left[name], right[name]));
}

const has = (list: readonly unknown[], one: unknown) => list.some((other) => same(other, one));
const without = (list: readonly unknown[], less: readonly unknown[]) => list.filter((one) => !has(less, one));
const listed = (value: unknown): readonly unknown[] | undefined => (value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : undefined);

function between(before: unknown, after: unknown): Omit<Difference, "member"> {
	const [old, now] = [listed(before), listed(after)];
	if (old && now) return { gone: without(old, now), come: without(now, old) };
	return { gone: before === undefined ? [] : [before], come: after === undefined ? [] : [after] };
}

/** What became of a thing. The order of a list tells nothing. */
export function differences(before: object, after: object): Difference[] {
	const [old, now] = [before as Thing, after as Thing];
	return [...new Set([...Object.keys(old), ...Object.keys(now)])]
		.filter((member) => !same(old[member], now[member]))
		.map((member) => ({ member, ...between(old[member], now[member]) }))
		.filter((one) => one.gone.length > 0 || one.come.length > 0);
}

/** A list after both changes; who came later wins where both took the same element away to put another in its place. */
function mergeLists(base: readonly unknown[], mine: readonly unknown[], theirs: readonly unknown[]): { value: unknown[]; clash: boolean } {
	const [gone, come] = [without(base, mine), without(mine, base)];
	const lost = without(gone, theirs);
	const value: unknown[] = [];
	let put = false;
	for (const one of theirs) {
		if (!has(gone, one)) {
			value.push(one);
			continue;
		}
		// What was put in the place of another stays in that place.
		if (!put) value.push(...come);
		put = true;
	}
	if (!put) value.push(...come);
	return { value: value.filter((one, at) => !has(value.slice(0, at), one)), clash: lost.length > 0 && without(theirs, base).length > 0 };
}

/**
 * Puts what I changed on top of what somebody else made of the same thing meanwhile.
 *
 * @return the thing, and the members that both changed so that only mine is left
 */
export function merge<T extends object>(base: T, mine: T, theirs: T): { value: T; clashes: string[] } {
	const [was, me, they] = [base as Thing, mine as Thing, theirs as Thing];
	const value: Record<string, unknown> = {};
	const clashes: string[] = [];
	for (const member of new Set([...Object.keys(they), ...Object.keys(me)])) {
		let now = they[member];
		if (!same(me[member], was[member]) && !same(me[member], now)) {
			const lists = [listed(was[member]), listed(me[member]), listed(now)] as const;
			const [a, b, c] = lists;
			if (same(now, was[member])) now = me[member];
			else if (a && b && c) {
				const merged = mergeLists(a, b, c);
				now = merged.value;
				if (merged.clash) clashes.push(member);
			} else {
				now = me[member];
				clashes.push(member);
			}
		}
		if (now !== undefined) value[member] = now;
	}
	return { value: value as T, clashes };
}
