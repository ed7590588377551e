// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { computed, signal } from "@preact/signals";
import { ask, present, whenGone } from "./api/client";
import { startEvents, stopEvents } from "./api/events";
import { Refused } from "./api/problem";
import type { Me } from "./api/schema";
import { forgetNames } from "./names";

// Who is signed in. The session is a cookie that no script can read; the page holds only what proves a change is its own.

interface SessionStanding {
	csrf?: string;
	[name: string]: unknown;
}

export type Standing = "unknown" | "out" | "in";
export const standing = signal<Standing>("unknown");
export const me = signal<Me | null>(null);
/** Whether the hub keeps sessions of browsers, and so takes passkeys too. */
export const sessions = signal(true);
/** Shown on the sign-in page: why one is there. */
export const ended = signal(false);

export const roles = computed(() => new Set<string>(me.value?.roles ?? []));
export const decides = computed(() => roles.value.has("analyst") || roles.value.has("approver"));
export const administers = computed(() => roles.value.has("administrator"));

async function enter() {
	me.value = (await ask<Me>("GET", "/api/v1/me")).value;
	standing.value = "in";
	ended.value = false;
	void startEvents();
}

function leave(because: "asked" | "gone") {
	const was = standing.peek();
	present({});
	stopEvents();
	forgetNames();
	me.value = null;
	standing.value = "out";
	if (because === "gone" && was === "in") ended.value = true;
}
whenGone(() => leave("gone"));

/** Takes up a session that is there already. */
export async function begin() {
	const token = location.pathname === "/sign-in" && location.hash.length > 1 ? location.hash.slice(1) : "";
	if (token) {
		history.replaceState(null, "", "/sign-in");
		try {
			await take(await ask<SessionStanding>("POST", "/api/v1/session/link", { body: { token }, signing: true }));
			return;
		} catch {
			ended.value = true;
		}
	}
	try {
		const { value } = await ask<SessionStanding>("GET", "/api/v1/session", { signing: true });
		if (!value.csrf) throw new Error();
		present({ csrf: value.csrf });
		await enter();
	} catch (error) {
		if (error instanceof Refused && (error.status === 404 || error.status === 405)) sessions.value = false;
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

// ---- passkeys ----

const fromUrl = (text: string) =>
	Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toUrl = (bytes: ArrayBuffer) =>
	btoa(String.fromCharCode(...new Uint8Array(bytes)))
		.replace(/\+/g, "-")
		.replace(/\//g, "_")
		.replace(/=+$/, "");

export const passkeysWork = () => typeof PublicKeyCredential !== "undefined" && window.isSecureContext;

interface AssertionOptions {
	challenge: string;
	rpId?: string;
	timeout?: number;
	userVerification?: UserVerificationRequirement;
	allowCredentials?: { type?: "public-key"; id: string }[];
	publicKey?: AssertionOptions;
}

/** Signs in by a passkey that this device or a key of the person's holds. */
export async function signInByPasskey(login: string) {
	const asked = await ask<AssertionOptions>("POST", "/api/v1/session/passkey/options", {
		body: login ? { login } : {},
		signing: true,
	});
	const options = asked.value.publicKey ?? asked.value;
	const given = await navigator.credentials.get({
		publicKey: {
			challenge: fromUrl(options.challenge),
			rpId: options.rpId,
			timeout: options.timeout,
			userVerification: options.userVerification ?? "required",
			allowCredentials: options.allowCredentials?.map((one) => ({ type: "public-key" as const, id: fromUrl(one.id) })),
		},
	});
	if (!(given instanceof PublicKeyCredential)) throw new Error();
	const response = given.response as AuthenticatorAssertionResponse;
	const body = {
		id: given.id,
		rawId: toUrl(given.rawId),
		type: given.type,
		response: {
			clientDataJSON: toUrl(response.clientDataJSON),
			authenticatorData: toUrl(response.authenticatorData),
			signature: toUrl(response.signature),
			...(response.userHandle ? { userHandle: toUrl(response.userHandle) } : {}),
		},
	};
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
