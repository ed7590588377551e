// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { patternOf, type ValueKind } from "./extract";

// What is handed in after a review: a STIX 2.1 bundle of indicators and, where it has a title, a report that holds them together.

export type TlpLevel = "clear" | "green" | "amber" | "amber+strict" | "red";
export type PapLevel = "clear" | "green" | "amber" | "red";

/** The identifiers that OASIS fixed for TLP 2.0 and PAP. */
const TLP: Record<TlpLevel, string> = {
	clear: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	green: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	amber: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	red: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
};
const PAP: Record<PapLevel, string> = {
	clear: "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
	green: "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
	amber: "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
	red: "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
};

export interface HandIn {
	values: readonly { kind: ValueKind; value: string }[];
	title: string;
	description: string;
	tlp: TlpLevel;
	pap: PapLevel;
	/** 0 to 100. */
	confidence: number;
	until?: Date;
	types: readonly string[];
}

export interface Bundle {
	type: "bundle";
	id: string;
	objects: Record<string, unknown>[];
}

/** A random UUID (version 4) of 16 random bytes. */
export function uuid4(random: (bytes: Uint8Array) => Uint8Array): string {
	const bytes = random(new Uint8Array(16));
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function bundleOf(what: HandIn, now: Date, random: (bytes: Uint8Array) => Uint8Array): Bundle {
	const time = now.toISOString();
	const marked = { object_marking_refs: [TLP[what.tlp], PAP[what.pap]] };
	const objects: Record<string, unknown>[] = what.values.map(({ kind, value }) => ({
		type: "indicator",
		spec_version: "2.1",
		id: `indicator--${uuid4(random)}`,
		created: time,
		modified: time,
		name: value,
		...(what.description ? { description: what.description } : {}),
		indicator_types: what.types.length ? [...what.types] : ["unknown"],
		pattern: patternOf(kind, value),
		pattern_type: "stix",
		pattern_version: "2.1",
		valid_from: time,
		...(what.until && what.until > now ? { valid_until: what.until.toISOString() } : {}),
		confidence: what.confidence,
		...marked,
	}));
	if (what.title && objects.length > 0)
		objects.push({
			type: "report",
			spec_version: "2.1",
			id: `report--${uuid4(random)}`,
			created: time,
			modified: time,
			name: what.title,
			...(what.description ? { description: what.description } : {}),
			report_types: ["indicator"],
			published: time,
			object_refs: objects.map((one) => one.id),
			confidence: what.confidence,
			...marked,
		});
	return { type: "bundle", id: `bundle--${uuid4(random)}`, objects };
}
