// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// What the console reads in a STIX object. Everything in one was written by others: each value is looked at before it is used.

export type Stix = Record<string, unknown>;

export const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);

export const isStixId = (value: string): boolean =>
	/^[a-z][a-z0-9-]{0,249}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value);

/** What an object is called in a list: its name, else what it says most. */
export function titleOf(object: Stix): string {
	const said =
		text(object.name) ??
		text(object.value) ??
		text(object.pattern) ??
		text(object.path) ??
		text(object.key) ??
		text(object.abstract) ??
		text(object.content) ??
		text(object.subject) ??
		relationTitle(object) ??
		hashTitle(object.hashes) ??
		text(object.id);
	const one = (said ?? "").replace(/\s+/g, " ").trim();
	return one.length > 300 ? one.slice(0, 299) + "…" : one;
}

function relationTitle(object: Stix): string | undefined {
	if (text(object.type) !== "relationship") return undefined;
	return `${typeOf(text(object.source_ref) ?? "")} ${text(object.relationship_type) ?? "→"} ${typeOf(text(object.target_ref) ?? "")}`;
}

function hashTitle(hashes: unknown): string | undefined {
	if (!hashes || typeof hashes !== "object") return undefined;
	return Object.values(hashes).map(text).find(Boolean);
}

/** The type in an identifier. */
export const typeOf = (id: string): string => id.split("--")[0] ?? "";

/** The values that a pattern compares with, as far as it is of the usual shape. */
export function patternValues(pattern: string): { path: string; value: string }[] {
	const found: { path: string; value: string }[] = [];
	const comparison = /([a-z][a-z0-9-]*:[A-Za-z0-9_.'[\]*-]+)\s*(?:=|ISSUBSET|ISSUPERSET|LIKE|MATCHES)\s*'((?:[^'\\]|\\.)*)'/g;
	for (const match of pattern.slice(0, 65_536).matchAll(comparison)) {
		found.push({ path: match[1] ?? "", value: (match[2] ?? "").replace(/\\(.)/g, "$1") });
		if (found.length >= 200) break;
	}
	return found;
}

/** All identifiers of other objects that an object names, with the member that names them. */
export function references(object: Stix): { member: string; id: string }[] {
	const found: { member: string; id: string }[] = [];
	for (const [member, value] of Object.entries(object)) {
		if (!member.endsWith("_ref") && !member.endsWith("_refs")) continue;
		for (const id of typeof value === "string" ? [value] : texts(value)) if (isStixId(id)) found.push({ member, id });
	}
	return found;
}

/** External references as text; an address of another host is shown and never followed. */
export function externals(object: Stix): { source: string; id?: string; url?: string; description?: string }[] {
	if (!Array.isArray(object.external_references)) return [];
	return object.external_references
		.filter((one): one is Stix => !!one && typeof one === "object")
		.map((one) => ({
			source: text(one.source_name) ?? "",
			id: text(one.external_id),
			url: text(one.url),
			description: text(one.description),
		}));
}
