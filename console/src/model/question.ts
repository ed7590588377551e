// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { kindOf, normal, prefixBits, refang } from "./extract";
import { isStixId } from "./stix";

// One box for anything: what was typed decides how the hub is asked.

export type Way = "value" | "inside" | "pattern" | "text";
export interface Question {
	/** How it would be asked; the reader may choose another that fits. */
	way: Way;
	/** What is asked, after undoing `[.]` and the like. */
	asked: string;
	/** The ways that fit, the best first. */
	ways: Way[];
	/** It is the name of one object: open it. */
	object?: string;
}

export function question(typed: string): Question | undefined {
	const text = typed.trim();
	if (text === "") return undefined;
	if (isStixId(text.toLowerCase())) return { way: "text", asked: text, ways: ["text"], object: text.toLowerCase() };
	if (text.startsWith("[") && text.endsWith("]") && /[=<>]|\b(IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET)\b/.test(text))
		return { way: "pattern", asked: text, ways: ["pattern", "text"] };
	const value = refang(text);
	if (value.startsWith("*.") && kindOf(value.slice(2)) === "domain") {
		const name = normal("domain", value.slice(2));
		return { way: "inside", asked: name, ways: ["inside", "value", "text"] };
	}
	if (prefixBits(value)) return { way: "inside", asked: value.toLowerCase(), ways: ["inside", "value", "text"] };
	const kind = kindOf(value);
	if (!kind) return { way: "text", asked: text, ways: ["text", "value"] };
	const asked = normal(kind, value);
	return { way: "value", asked, ways: kind === "domain" ? ["value", "inside", "text"] : ["value", "text"] };
}
