// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { computed, signal } from "@preact/signals";
import { ask, present, whenForged, whenGone } from "./api/client";
import { startEvents, stopEvents } from "./api/events";
import { usePasskey } from "./api/passkeys";
import { Refused, Unreachable } from "./api/problem";
import type { Me, PasskeyGet } from "./api/schema";
import { forgetKept } from "./kept";
import { forgetNames } from "./names";

// Who is signed in. The session is a cookie that no script can read; the page holds only what proves a change is its own.

interface SessionStanding {
	csrf?: string;
	person?: string;
	[name: string]: unknown;
}

/** `lapsed`: the session ended under an open page, which stays as it is below the sign-in. */
export type Standing = "unknown" | "out" | "in" | "lapsed";
export const standing = signal<Standing>("unknown");
export const me = signal<Me | null>(null);
/** How often somebody signed in here: what was refused in between is asked for again. */
export const entered = signal(0);
/** Whether the hub keeps sessions of browsers, and so takes passkeys too. */
export const sessions = signal(true);
/** Shown on the sign-in page: why one is there. */
export const why = signal<"ended" | "link" | "away" | null>(null);

export const roles = computed(() => new Set<string>(me.value?.roles ?? []));
export const decides = computed(() => roles.value.has("analyst") || roles.value.has("approver"));
export const administers = computed(() => roles.value.has("administrator"));

function forget() {
	forgetNames();
	forgetKept();
}

async function enter() {
	const who = (await ask<Me>("GET", "/api/v1/me", { signing: true })).value;
	if (who.account !== me.peek()?.account) forget();
	me.value = who;
	standing.value = "in";
	why.value = null;
	entered.value++;
	void startEvents();
}

function leave(because: "asked" | "gone") {
	present({});
	stopEvents();
	if (because === "gone" && standing.peek() === "in") {
		standing.value = "lapsed";
		why.value = "ended";
	}
	if (because === "gone") return;
	forget();
	me.value = null;
	standing.value = "out";
}
whenGone(() => leave("gone"));

// Another tab of this browser signed in anew: the cookie is that session's, and changes have to be proved by it.
whenForged(async () => {
	const { value } = await ask<SessionStanding>("GET", "/api/v1/session", { signing: true });
	if (!value.csrf) return false;
	if (value.person !== me.peek()?.account) {
		location.reload();
		return false;
	}
	present({ csrf: value.csrf });
	return true;
});

/** Takes up a session that is there already. */
export async function begin() {
	const token = location.pathname === "/sign-in" && location.hash.length > 1 ? location.hash.slice(1) : "";
	if (token) {
		history.replaceState(null, "", "/sign-in");
		try {
			await take(await ask<SessionStanding>("POST", "/api/v1/session/link", { body: { token }, signing: true }));
			return;
		} catch (error) {
			why.value = error instanceof Unreachable ? "away" : "link";
		}
	}
	try {
		const { value } = await ask<SessionStanding>("GET", "/api/v1/session", { signing: true });
		if (!value.csrf) throw new Error();
		present({ csrf: value.csrf });
		await enter();
	} catch (error) {
		if (error instanceof Refused && (error.status === 404 || error.status === 405)) sessions.value = false;
		if (error instanceof Unreachable) why.value = "away";
		else if (why.peek() === "away") why.value = null;
		standing.value = "out";
	}
}

async function take(answer: { value: SessionStanding }) {
	let csrf = answer.value?.csrf;
	csrf ??= (await ask<SessionStanding>("GET", "/api/v1/session", { signing: true })).value.csrf;
	present({ csrf });
	await enter();
}

/** Signs in by password. A hub that has no sessions gives a token; it stays in this page's memory. */
export async function signIn(login: string, password: string, code: string) {
	const body = { login, password, ...(code ? { code } : {}) };
	try {
		await take(await ask<SessionStanding>("POST", "/api/v1/session/password", { body, signing: true }));
	} catch (error) {
		if (!(error instanceof Refused) || (error.status !== 404 && error.status !== 405)) throw error;
		const { value } = await ask<{ token: string }>("POST", "/api/v1/sign-in", { body, signing: true });
		present({ token: value.token });
		await enter();
	}
}

/** Signs in by a passkey that this device or a key of the person's holds. */
export async function signInByPasskey() {
	const options = await ask<PasskeyGet>("POST", "/api/v1/session/passkey/options", { body: {}, signing: true });
	const body = await usePasskey(options.value);
	await take(await ask<SessionStanding>("POST", "/api/v1/session/passkey", { body, signing: true }));
}

export async function signOut() {
	try {
		await ask("DELETE", "/api/v1/session", { signing: true });
	} catch {
		// Whether or not the hub could be asked, this page forgets.
	}
	leave("asked");
}
