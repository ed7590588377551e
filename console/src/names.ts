// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { signal } from "@preact/signals";
import { ask } from "./api/client";
import type { Organisation, Person } from "./api/schema";
import { language } from "./preferences";

// What organisations and people are called, asked once and kept while one is signed in.

type Named = { names?: { language: string; name: string }[]; login?: string };
const known = signal<ReadonlyMap<string, Named | null>>(new Map());
const asked = new Set<string>();

export function forgetNames() {
	known.value = new Map();
	asked.clear();
}

/** The name in the reader's language, else the first one. */
export function nameOf(of: Named | null | undefined): string | undefined {
	if (!of) return undefined;
	const names = of.names ?? [];
	return (names.find((one) => one.language.startsWith(language.value)) ?? names[0])?.name ?? of.login;
}

export function remember(id: string | undefined, of: Named) {
	if (!id) return;
	asked.add(id);
	known.value = new Map(known.peek()).set(id, of);
}

async function find(kind: "organisations" | "people", id: string) {
	let found: Named | null = null;
	try {
		found = (await ask<Organisation | Person>("GET", `/api/v1/${kind}/${id}`)).value;
	} catch {
		// Who may not know of it sees its number.
	}
	known.value = new Map(known.peek()).set(id, found);
}

/** @return undefined: not known yet, or never */
export function lookUp(kind: "organisations" | "people", id: string): string | undefined {
	const name = nameOf(known.value.get(id));
	if (name === undefined && !asked.has(id)) {
		asked.add(id);
		void find(kind, id);
	}
	return name;
}
