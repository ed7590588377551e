// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
// What an applicant writes of an authorisation (docs/authority.md): the hub adds identifier, trust and time.

export type Basis = "agreement" | "foreign-foreign" | "specified";

/** The classes of traffic that a basis may name; domestic to domestic is in none. */
export const CLASSES: Record<Basis, readonly string[]> = {
	agreement: ["foreign-domestic"],
	"foreign-foreign": ["foreign-foreign"],
	specified: ["foreign-domestic", "domestic-foreign"],
};
export const KINDS = ["ipv4", "ipv6", "ipv4-prefix", "ipv6-prefix", "name", "wildcard", "url", "ja4"] as const;

export interface Application {
	basis: Basis;
	classes: readonly string[];
	purpose: string;
	/** One a line. */
	acts: string;
	party: string;
	links: string;
	facilities: string;
	recipients: string;
	from: string;
	until: string;
	retentionDays: number;
	ground: string;
	sensors: readonly string[];
	set: string;
	kinds: readonly string[];
	entriesMax: number;
}

const lines = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];

export function applicationOf(what: Application): Record<string, unknown> {
	const classes = what.classes.filter((one) => CLASSES[what.basis].includes(one));
	return {
		basis: what.basis,
		classes,
		purpose: what.purpose.trim(),
		acts: lines(what.acts),
		from: what.from,
		until: what.until,
		retention: `P${what.retentionDays}D`,
		...(what.basis === "agreement" ? { party: what.party.trim() } : {}),
		links: what.basis === "agreement" ? lines(what.links) : [],
		facilities: what.basis === "specified" ? lines(what.facilities).map((prefix) => ({ prefix, classes })) : [],
		recipients: lines(what.recipients),
		...(what.ground.trim() ? { identified: { ground: what.ground.trim() } } : {}),
		sensors: what.sensors.map((id) => ({ id })),
		sets: [{ id: what.set, kinds: [...what.kinds], entries_max: what.entriesMax, prefix4_widest: 24, prefix6_widest: 48 }],
		patterns: [],
	};
}
