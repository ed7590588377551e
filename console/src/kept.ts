// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";

// What somebody has written on a page and not sent yet: it is there when the page is opened again, in this window's
// memory only, and gone with the sign-out.

const kept = new Map<string, unknown>();
export function forgetKept(prefix = "") {
	for (const name of kept.keys()) if (name.startsWith(prefix)) kept.delete(name);
}

export function useKept<T>(name: string, first: T | (() => T)): [T, (value: T) => void] {
	const [value, setValue] = useState<T>(() => (kept.has(name) ? (kept.get(name) as T) : first instanceof Function ? first() : first));
	return [
		value,
		(next: T) => {
			kept.set(name, next);
			setValue(() => next);
		},
	];
}
