// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { PasskeyAssertion, PasskeyCreate, PasskeyGet, PasskeyNew } from "./schema";

// Passkeys between the hub's JSON and the browser's WebAuthn: bytes are base64url there and buffers here.

const fromUrl = (text: string) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toUrl = (bytes: ArrayBuffer) =>
	btoa(String.fromCharCode(...new Uint8Array(bytes)))
		.replace(/\+/g, "-")
		.replace(/\//g, "_")
		.replace(/=+$/, "");

/** Browsers have them over TLS and on localhost only. */
export const passkeysWork = () => typeof PublicKeyCredential !== "undefined" && window.isSecureContext;

/** Has this device, or a key of the person's, make one. Throws the browser's DOMException. */
export async function makePasskey(options: PasskeyCreate): Promise<Omit<PasskeyNew, "title">> {
	const made = await navigator.credentials.create({
		publicKey: {
			...options,
			challenge: fromUrl(options.challenge),
			user: { ...options.user, id: fromUrl(options.user.id) },
			authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
			excludeCredentials: options.excludeCredentials.map((one) => ({ type: one.type, id: fromUrl(one.id) })),
		},
	});
	if (!(made instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
	const response = made.response as AuthenticatorAttestationResponse;
	return {
		id: made.id,
		rawId: toUrl(made.rawId),
		type: "public-key",
		response: { clientDataJSON: toUrl(response.clientDataJSON), attestationObject: toUrl(response.attestationObject) },
	};
}

/** Has one sign the hub's challenge. Throws the browser's DOMException. */
export async function usePasskey(options: PasskeyGet): Promise<PasskeyAssertion> {
	const given = await navigator.credentials.get({
		publicKey: { challenge: fromUrl(options.challenge), rpId: options.rpId, timeout: options.timeout, userVerification: options.userVerification },
	});
	if (!(given instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
	const response = given.response as AuthenticatorAssertionResponse;
	return {
		id: given.id,
		rawId: toUrl(given.rawId),
		type: "public-key",
		response: {
			clientDataJSON: toUrl(response.clientDataJSON),
			authenticatorData: toUrl(response.authenticatorData),
			signature: toUrl(response.signature),
			...(response.userHandle ? { userHandle: toUrl(response.userHandle) } : {}),
		},
	};
}
