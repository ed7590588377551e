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

	/** What is said of one field: a JSON pointer's first part, or a parameter. */
	of(field: string): string | undefined {
		return this.problem.errors?.find(
			(one) => one.parameter === field || one.pointer === field || one.pointer === `/${field}` || one.pointer?.startsWith(`/${field}/`),
		)?.detail;
	}

	/** What is said of none of these fields. */
	besides(fields: readonly string[]): string[] {
		const rest = (this.problem.errors ?? []).filter((one) => {
			const place = (one.pointer ?? one.parameter ?? "").replace(/^\//, "").split("/")[0] ?? "";
			return !fields.includes(place);
		});
		return rest.map((one) => [one.pointer ?? one.parameter, one.detail].filter(Boolean).join(": "));
	}
}

/** Nothing came back: the hub is away, or the line is. */
export class Unreachable extends Error {}
