// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { Problem } from "./schema";

/** The hub said no, with its reasons (RFC 9457). */
export class Refused extends Error {
	constructor(
		readonly problem: Problem,
		readonly status: number,
		readonly requestId: string | null,
		readonly retryAfter: number | null,
	) {
		super(problem.detail ?? problem.title);
	}

	/** The last word of the problem's type. */
	get word(): string {
		return this.problem.type.split(":").pop() ?? "";
	}

	// What is said of one field, or of what is in it: "mail", "holdings/*/value".
	of(field: string): string | undefined {
		return this.problem.errors?.find((one) => meets(placeOf(one), field))?.detail;
	}

	/** What is said of none of these fields. */
	besides(fields: readonly string[]): Said[] {
		return (this.problem.errors ?? []).filter((one) => !fields.some((field) => meets(placeOf(one), field)));
	}
}

type Said = NonNullable<Problem["errors"]>[number];

/** A JSON pointer without its first stroke, or a parameter. */
export const placeOf = (one: Said): string => (one.pointer ?? one.parameter ?? "").replace(/^\//, "");

function meets(place: string, field: string): boolean {
	const parts = place.split("/");
	return field.split("/").every((one, at) => parts[at] === one || (one === "*" && parts[at] !== undefined));
}

/** Nothing came back: the hub is away, or the line is. */
export class Unreachable extends Error {}
