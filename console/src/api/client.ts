// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { language } from "../preferences";
import { Refused, Unreachable } from "./problem";
import type { Problem } from "./schema";

// The one place that speaks to the hub. Same origin only; a change carries what proves that this page sent it.

/** How this page proves who asks: a cookie that it cannot read and a header against forgery, or a token in memory. */
export interface Proof {
	csrf?: string;
	token?: string;
}
let proof: Proof = {};
let gone: () => void = () => {};

let forged: () => Promise<boolean> = () => Promise.resolve(false);

export function present(what: Proof) {
	proof = what;
}

/** Called when the hub no longer knows who asks. */
export function whenGone(call: () => void) {
	gone = call;
}

/** Called when a change was not proved to be this page's, and so not done. @return whether to send it again */
export function whenForged(call: () => Promise<boolean>) {
	forged = call;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;
export interface Asking {
	query?: Query;
	body?: unknown;
	/** The body's media type where it is no JSON of ours. */
	media?: string;
	accept?: string;
	ifMatch?: string;
	ifNoneMatch?: string;
	/** Done once, however often it is sent. */
	key?: string;
	signal?: AbortSignal;
	/** A 401 is an answer to this question, not the end of the session. */
	signing?: boolean;
}
export interface Answer<T> {
	status: number;
	value: T;
	etag: string | null;
}

/** A new idempotency key; also where the browser has no randomUUID() because the page came without TLS. */
export function newKey(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function path(pattern: string, query?: Query): string {
	const parameters = new URLSearchParams();
	for (const [name, value] of Object.entries(query ?? {})) {
		if (value === undefined) continue;
		for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
	}
	const text = parameters.toString();
	return text ? `${pattern}?${text}` : pattern;
}

/** Headers of a request, as everything that asks the hub needs them. */
export function headers(method: string, asking: Asking): Headers {
	const all = new Headers({ "Accept-Language": language.peek(), Accept: asking.accept ?? "application/json" });
	if (proof.token) all.set("Authorization", `Bearer ${proof.token}`);
	if (proof.csrf && method !== "GET") all.set("Hinomi-CSRF", proof.csrf);
	if (asking.body !== undefined) all.set("Content-Type", asking.media ?? "application/json");
	if (asking.ifMatch) all.set("If-Match", asking.ifMatch);
	if (asking.ifNoneMatch) all.set("If-None-Match", asking.ifNoneMatch);
	if (asking.key) all.set("Idempotency-Key", asking.key);
	return all;
}

async function problemOf(answer: Response): Promise<Problem> {
	try {
		const value: unknown = await answer.json();
		if (value && typeof value === "object" && "title" in value) return value as Problem;
	} catch {
		// What stands between us and the hub may answer in its own way.
	}
	return { type: "urn:hinomi:problem:unknown", title: `${answer.status} ${answer.statusText}`.trim(), status: answer.status };
}

export async function ask<T>(method: string, where: string, asking: Asking = {}, again = true): Promise<Answer<T>> {
	const { body } = asking;
	let answer: Response;
	try {
		answer = await fetch(path(where, asking.query), {
			method,
			headers: headers(method, asking),
			body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
			credentials: "same-origin",
			redirect: "error",
			referrerPolicy: "no-referrer",
			cache: "no-store",
			signal: asking.signal,
		});
	} catch (error) {
		if (asking.signal?.aborted) throw error;
		throw new Unreachable();
	}
	if (!answer.ok && answer.status !== 304) {
		const problem = await problemOf(answer);
		if (answer.status === 401 && !asking.signing) gone();
		if (again && problem.type.endsWith(":csrf") && proof.csrf && (await forged().catch(() => false))) return ask(method, where, asking, false);
		const after = Number(answer.headers.get("Retry-After"));
		throw new Refused(problem, answer.status, answer.headers.get("X-Request-Id"), Number.isFinite(after) && after > 0 ? after : null);
	}
	const empty = answer.status === 204 || answer.status === 304;
	const text = empty ? "" : await answer.text();
	const json = (answer.headers.get("Content-Type") ?? "").includes("json");
	return { status: answer.status, value: (json && text ? JSON.parse(text) : text) as T, etag: answer.headers.get("ETag") };
}
