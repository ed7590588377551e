// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { ask, newKey, type Answer } from "./client";
import type * as S from "./schema";

// Every operation of the hub's that the console uses, typed by catalog/api.

const get = async <T>(where: string, query: Record<string, string | number | boolean | readonly string[] | undefined> = {}, signal?: AbortSignal): Promise<T> =>
	(await ask<T>("GET", where, { query, signal })).value;
const post = async <T>(where: string, body: unknown, key = newKey()): Promise<T> => (await ask<T>("POST", where, { body, key })).value;

/** Follows `next` through all pages, up to a number of rows. */
export async function all<T>(page: (cursor: string | undefined) => Promise<{ rows: T[]; next?: string }>, most = 5000): Promise<{ rows: T[]; cut: boolean }> {
	const rows: T[] = [];
	let cursor: string | undefined;
	do {
		const got = await page(cursor);
		rows.push(...got.rows);
		cursor = got.next;
	} while (cursor && rows.length < most);
	return { rows, cut: cursor !== undefined };
}

// ---- objects ----
export const search = (way: string, asked: string, cursor?: string, signal?: AbortSignal, limit?: number) =>
	get<S.SearchPage>("/api/v1/search", { [way]: asked, cursor, limit }, signal);
export const objects = (type: string | undefined, cursor?: string, signal?: AbortSignal) => get<S.ObjectPage>("/api/v1/objects", { type, cursor, limit: 50 }, signal);
export const object = async (id: string, signal?: AbortSignal) =>
	(await ask<S.StixObject>("GET", `/api/v1/objects/${id}`, { accept: "application/json", signal })).value;
export const versions = (id: string, signal?: AbortSignal) => get<S.ObjectPage>(`/api/v1/objects/${id}/versions`, {}, signal);
export const relations = (id: string, cursor?: string, signal?: AbortSignal) => get<S.ObjectPage>(`/api/v1/objects/${id}/relations`, { cursor, limit: 100 }, signal);
export const correlations = (id: string, signal?: AbortSignal) => get<S.Correlations>(`/api/v1/objects/${id}/correlations`, {}, signal);
export const count = (type: string | undefined, signal?: AbortSignal) => get<S.Count>("/api/v1/counts", { type }, signal);
export const explain = (id: string, whom: { person?: string; organisation?: string }, signal?: AbortSignal) =>
	get<S.Access>("/api/v1/access/explain", { object: id, ...whom }, signal);
export const handIn = async (bundle: unknown, dry: boolean, source?: string) =>
	(await ask<S.HandinResult>("POST", "/api/v1/objects", { query: { dry: dry ? true : undefined, source }, body: bundle, media: "application/stix+json" })).value;

// ---- sets and approvals ----
export const sets = (signal?: AbortSignal) =>
	all(async (cursor) => {
		const page = await get<S.SetPage>("/api/v1/sets", { cursor, limit: 200 }, signal);
		return { rows: page.sets, next: page.next };
	});
export const oneSet = (id: string, signal?: AbortSignal) => get<S.Set>(`/api/v1/sets/${id}`, {}, signal);
export const makeSet = (body: S.SetNew, key: string) => post<S.Made>("/api/v1/sets", body, key);
export const setHead = async (id: string, signal?: AbortSignal) => (await ask<S.SetHead | "">("GET", `/api/v1/sets/${id}/head`, { signal })).value || undefined;
export const approvals = (set: string, state?: string, cursor?: string, signal?: AbortSignal, limit = 100) =>
	get<S.ApprovalPage>(`/api/v1/sets/${set}/approvals`, { state, cursor, limit }, signal);
export const approval = (set: string, id: string, signal?: AbortSignal): Promise<Answer<S.Approval>> => ask<S.Approval>("GET", `/api/v1/sets/${set}/approvals/${id}`, { signal });
export const propose = (set: string, body: S.ApprovalNew, key: string) => post<S.ApprovalMade>(`/api/v1/sets/${set}/approvals`, body, key);
export const blastRadius = (set: string, id: string, signal?: AbortSignal) => get<S.BlastRadius>(`/api/v1/sets/${set}/approvals/${id}/blast-radius`, {}, signal);
export type Step = "propose" | "approve" | "refuse" | "retire";
export const step = async (set: string, id: string, verb: Step, reason: string, key: string, etag: string | null) =>
	(await ask<S.ApprovalState>("POST", `/api/v1/sets/${set}/approvals/${id}/${verb}`, { body: reason ? { reason } : {}, key, ifMatch: etag ?? undefined })).value;

// ---- holds ----
export const holds = (cursor?: string, signal?: AbortSignal) => get<S.HoldPage>("/api/v1/holds", { all: true, cursor, limit: 500 }, signal);
export const hold = (id: string, signal?: AbortSignal) => ask<S.Hold>("GET", `/api/v1/holds/${id}`, { signal });
export const enterHold = (body: S.HoldNew, key: string) => post<S.Made>("/api/v1/holds", body, key);
export const changeHold = (id: string, body: S.HoldChange, etag: string | null, key: string) => ask<"">("PUT", `/api/v1/holds/${id}`, { body, ifMatch: etag ?? undefined, key });
export const releaseHold = (id: string, etag: string | null, key: string) => ask<"">("POST", `/api/v1/holds/${id}/release`, { ifMatch: etag ?? undefined, key });
export const askHold = (value: string, key: string) => post<S.HoldAnswer>("/api/v1/holds/ask", { value }, key);
export const holdQuestions = (id: string, cursor?: string, signal?: AbortSignal, limit = 100) => get<S.HoldQuestionPage>(`/api/v1/holds/${id}/questions`, { cursor, limit }, signal);

// ---- directory ----
export const organisations = (cursor?: string, signal?: AbortSignal) => get<S.OrganisationList>("/api/v1/organisations", { cursor, limit: 500 }, signal);
export const organisation = (id: string, signal?: AbortSignal) => ask<S.Organisation>("GET", `/api/v1/organisations/${id}`, { signal });
export const makeOrganisation = (body: S.Organisation, key: string) => post<S.Made>("/api/v1/organisations", body, key);
export const putOrganisation = (id: string, body: S.Organisation, etag: string | null, key: string) =>
	ask<"">("PUT", `/api/v1/organisations/${id}`, { body, ifMatch: etag ?? undefined, key });
export const people = (organisation?: string, cursor?: string, signal?: AbortSignal) => get<S.PersonList>("/api/v1/people", { organisation, cursor, limit: 500 }, signal);
export const person = (id: string, signal?: AbortSignal) => ask<S.Person>("GET", `/api/v1/people/${id}`, { signal });
export const makePerson = (body: S.Person, key: string) => post<S.Made>("/api/v1/people", body, key);
export const putPerson = (id: string, body: S.Person, etag: string | null, key: string) => ask<"">("PUT", `/api/v1/people/${id}`, { body, ifMatch: etag ?? undefined, key });
export const setPassword = (id: string, body: S.PasswordReset) => ask<"">("PUT", `/api/v1/people/${id}/password`, { body });
export const groups = (cursor?: string, signal?: AbortSignal) => get<S.GroupList>("/api/v1/groups", { cursor, limit: 500 }, signal);
export const group = (id: string, signal?: AbortSignal) => ask<S.Group>("GET", `/api/v1/groups/${id}`, { signal });
export const putGroup = (id: string, body: S.Group, etag: string | null, key: string) => ask<"">("PUT", `/api/v1/groups/${id}`, { body, ifMatch: etag ?? undefined, key });
export const members = (group: string, cursor?: string, signal?: AbortSignal) => get<S.OrganisationList>("/api/v1/organisations", { group, cursor, limit: 500 }, signal);
export const lockout = (id: string, signal?: AbortSignal) => get<S.Lockout>(`/api/v1/people/${id}/lockout`, {}, signal);
export const liftLockout = (id: string, key: string) => ask<"">("DELETE", `/api/v1/people/${id}/lockout`, { key });
export const makeGroup = (body: S.Group, key: string) => post<S.Made>("/api/v1/groups", body, key);

// ---- one's own account ----
export const changePassword = (body: S.PasswordChange) => ask<"">("PUT", "/api/v1/me/password", { body });
export const beginTotp = () => post<S.Totp>("/api/v1/me/totp", undefined);
export const confirmTotp = (body: S.TotpConfirm) => ask<"">("PUT", "/api/v1/me/totp", { body });
export const passkeyOptions = () => post<S.PasskeyCreate>("/api/v1/me/passkeys/options", undefined);
export const addPasskey = (body: S.PasskeyNew) => post<S.Made>("/api/v1/me/passkeys", body);
export const passkeys = (signal?: AbortSignal) => get<S.PasskeyList>("/api/v1/me/passkeys", {}, signal);
export const removePasskey = (id: string) => ask<"">("DELETE", `/api/v1/me/passkeys/${id}`);
export const tokens = (person: string, signal?: AbortSignal) => get<S.TokenList>("/api/v1/tokens", { person, limit: 200 }, signal);
export const allTokens = (cursor?: string, signal?: AbortSignal) => get<S.TokenList>("/api/v1/tokens", { cursor, limit: 500 }, signal);
export const makeToken = (body: S.TokenNew) => post<S.TokenMade>("/api/v1/tokens", body);
export const removeToken = (id: string) => ask<"">("DELETE", `/api/v1/tokens/${id}`);

// ---- the hub itself ----
export const ready = (signal?: AbortSignal) => get<S.Health>("/readyz", {}, signal);
export const root = (signal?: AbortSignal) => get<S.Root>("/api/v1", {}, signal);
export const checkpoint = async (signal?: AbortSignal) => (await ask<string>("GET", "/api/v1/ledger/checkpoint", { accept: "text/plain", signal })).value;
export const sources = (signal?: AbortSignal) => get<S.SourceList>("/api/v1/sources", { limit: 200 }, signal);

// ---- edges and what they report ----
export const situation = (hours: number, signal?: AbortSignal) => get<S.Situation>("/api/v1/situation", { hours }, signal);
export const edges = (signal?: AbortSignal) =>
	all(async (cursor) => {
		const page = await get<S.EdgePage>("/api/v1/edges", { cursor, limit: 500 }, signal);
		return { rows: page.edges, next: page.next };
	});
export const edge = (id: string, signal?: AbortSignal) => ask<S.Edge>("GET", `/api/v1/edges/${id}`, { signal });
export const inviteEdge = (body: S.EdgeNew) => ask<S.EdgeCode>("POST", "/api/v1/edges", { body });
export const nameEdge = (id: string, body: S.EdgeChange, etag: string | null) => ask<"">("PUT", `/api/v1/edges/${id}`, { body, ifMatch: etag ?? undefined });
export const revokeEdge = (id: string, etag: string | null, key: string) => ask<"">("DELETE", `/api/v1/edges/${id}`, { ifMatch: etag ?? undefined, key });
export const askEdge = (id: string, body: S.EdgeQuestionNew) => post<S.Made>(`/api/v1/edges/${id}/questions`, body);
export const edgeAnswer = (id: string, question: string, signal?: AbortSignal) => get<S.EdgeQuestion>(`/api/v1/edges/${id}/questions/${question}`, {}, signal);
export const edgeEvents = (query: { edge?: string; indicator?: string; organisation?: string; from?: string; until?: string }, cursor?: string, signal?: AbortSignal) =>
	get<S.EdgeEventPage>("/api/v1/edge-events", { ...query, cursor, limit: 50 }, signal);
export const sightings = (indicator: string, signal?: AbortSignal) => get<S.Sightings>("/api/v1/sightings", { indicator }, signal);
export const receipts = (query: { edge?: string; authorisation?: string }, cursor?: string, signal?: AbortSignal) =>
	get<S.ReceiptPage>("/api/v1/receipts", { ...query, cursor, limit: 50 }, signal);

// ---- authorisations ----
export const authorisations = (state: string | undefined, cursor?: string, signal?: AbortSignal) =>
	get<S.AuthorisationPage>("/api/v1/authorisations", { state, cursor, limit: 100 }, signal);
export const authorisation = (id: string, signal?: AbortSignal) => ask<S.Authorisation>("GET", `/api/v1/authorisations/${id}`, { signal });
export const applyForAuthorisation = (body: unknown, key: string) => post<S.Made>("/api/v1/authorisations", body, key);
export const stepAuthorisation = (id: string, verb: "hand" | "issue", etag: string | null, key: string) =>
	ask<"">("POST", `/api/v1/authorisations/${id}/${verb}`, { ifMatch: etag ?? undefined, key });
export const refuseAuthorisation = (id: string, reason: string, etag: string | null, key: string) =>
	ask<"">("POST", `/api/v1/authorisations/${id}/refuse`, { body: { reason }, ifMatch: etag ?? undefined, key });
export const signAuthorisation = (id: string, document: string, etag: string | null, key: string) =>
	ask<"">("PUT", `/api/v1/authorisations/${id}/document`, { body: document, media: "application/jose+json", ifMatch: etag ?? undefined, key });
export const nation = (signal?: AbortSignal) => get<S.NationDocuments>("/api/v1/nation", {}, signal);
