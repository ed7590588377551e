// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { signal } from "@preact/signals";
import { ask } from "./api/client";
import type { Edge, Group, Organisation, Person, Set as NamedSet } from "./api/schema";
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

export type Kind = "organisations" | "people" | "groups" | "edges" | "sets";

async function find(kind: Kind, id: string) {
	let found: Named | null = null;
	try {
		const { value } = await ask<Organisation | Person | Group | Edge | NamedSet>("GET", `/api/v1/${kind}/${id}`);
		found = Array.isArray(value.names) || !value.names ? (value as Named) : { names: Object.entries(value.names).map(([of, name]) => ({ language: of, name: String(name) })) };
	} catch {
		// Who may not know of it sees its number.
	}
	known.value = new Map(known.peek()).set(id, found);
}

/** @return undefined: not known yet, or never */
export function lookUp(kind: Kind, id: string): string | undefined {
	const name = nameOf(known.value.get(id));
	if (name === undefined && !asked.has(id)) {
		asked.add(id);
		void find(kind, id);
	}
	return name;
}
