// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Edge, EdgeCode, EdgeEvent, EdgeEventPage, ReceiptItem, ReceiptPage } from "../api/schema";
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link, place, setQuery } from "../shell/router";
import { me, roles } from "../session";
import { Badge, Tlp } from "../ui/badge";
import { Copy } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Input, Select } from "../ui/field";
import { FormEnd } from "../ui/form";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { More, useMore } from "../ui/more";
import { EdgeName, OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Ago, Time } from "../ui/time";

const TABS = ["edges", "events", "receipts", "sets"] as const;
export const keepsEdges = () => roles.value.has("administrator") || roles.value.has("edge-operator");

/** Whether an edge said something in the last five minutes. */
export function edgeState(edge: Edge): "revoked" | "following" | "silent" | "away" {
	if (edge.state === "revoked") return "revoked";
	if (!edge.health_at || Date.now() - new Date(edge.health_at).getTime() > 300_000) return "silent";
	return edge.follows ? "following" : "away";
}

export function EdgeState({ edge }: { edge: Edge }) {
	const state = edgeState(edge);
	return <Badge tone={state === "following" ? "good" : state === "revoked" ? "hot" : "warn"}>{word("edgeState", state)}</Badge>;
}

export function Edges() {
	const { query } = place.value;
	const tab = TABS.find((one) => one === query.get("tab")) ?? "edges";
	const [inviting, setInviting] = useState(false);
	return (
		<Page
			title={t("section.edges")}
			about={t("edges.about")}
			actions={
				keepsEdges() && (
					<button type="button" class="button primary" onClick={() => setInviting(true)}>
						{t("edges.invite")}
					</button>
				)
			}
		>
			<section class="card">
				<Tabs
					label={t("section.edges")}
					tabs={TABS.map((id) => ({ id, label: t(`edges.tab.${id}`) }))}
					chosen={tab}
					onChoose={(id) => setQuery({ tab: id === "edges" ? undefined : id, from: undefined, until: undefined, indicator: undefined, edge: undefined })}
				>
					{tab === "edges" && <EdgeList />}
					{tab === "events" && (
						<Events
							query={{ edge: query.get("edge") ?? undefined, indicator: query.get("indicator") ?? undefined, from: query.get("from") ?? undefined, until: query.get("until") ?? undefined }}
						/>
					)}
					{tab === "receipts" && <Receipts query={{ edge: query.get("edge") ?? undefined, authorisation: query.get("authorisation") ?? undefined }} />}
					{tab === "sets" && <Sets />}
				</Tabs>
			</section>
			{inviting && <Invite onClose={() => setInviting(false)} />}
		</Page>
	);
}

function EdgeList() {
	const loaded = useLoad((signal) => hub.edges(signal), []);
	useLive(loaded.again, undefined, 3000);
	return (
		<Load of={loaded}>
			{({ rows }) => (
				<Table<Edge>
					caption={t("edges.caption")}
					quiet
					keys
					rows={rows}
					id={(row) => row.id}
					empty={
						<>
							<p>{t("edges.none")}</p>
							<p class="small">{t("edges.noneHint")}</p>
						</>
					}
					columns={[
						{ key: "name", label: t("directory.name"), head: true, show: (row) => <Link to={`/edges/${row.id}`}>{row.names[language.value]}</Link> },
						{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => word("edgeKind", row.kind) },
						{ key: "state", label: t("approval.state"), class: "tight", show: (row) => <EdgeState edge={row} /> },
						{ key: "organisation", label: t("set.organisation"), show: (row) => <OrganisationName id={row.organisation} /> },
						{ key: "health", label: t("edge.health"), class: "tight", show: (row) => <Ago value={row.health_at} /> },
						{ key: "gave", label: t("edge.gaveWay"), class: "number", show: (row) => number(Object.values(row.streams).reduce((sum, one) => sum + one.gave_way, 0), language.value) },
						{ key: "program", label: t("edge.program"), show: (row) => <span class="small">{row.program}</span> },
					]}
				/>
			)}
		</Load>
	);
}

interface EventQuery {
	edge?: string;
	indicator?: string;
	from?: string;
	until?: string;
}

/** What resolvers refused, the newest first. */
export function Events({ query }: { query: EventQuery }) {
	const key = JSON.stringify(query);
	const loaded = useLoad((signal) => hub.edgeEvents(query, undefined, signal), [key]);
	useLive(loaded.again, undefined, 3000);
	const narrowed = place.value.path === "/edges" && (query.from ?? query.indicator ?? query.edge);
	return (
		<>
			{narrowed && (
				<p class="row small">
					{query.from && (
						<span>
							<Time value={query.from} /> – <Time value={query.until} />
						</span>
					)}
					{query.indicator && (
						<Link to={`/threats/objects/${query.indicator}`} class="value">
							{query.indicator}
						</Link>
					)}
					<button type="button" class="button quiet" onClick={() => setQuery({ from: undefined, until: undefined, indicator: undefined, edge: undefined })}>
						{t("edges.all")}
					</button>
				</p>
			)}
			<Load of={loaded}>{(page) => <EventTable key={key} query={query} page={page} />}</Load>
		</>
	);
}

function EventTable({ query, page }: { query: EventQuery; page: EdgeEventPage }) {
	const list = useMore({ rows: page.events, next: page.next }, async (cursor) => {
		const more = await hub.edgeEvents(query, cursor);
		return { rows: more.events, next: more.next };
	});
	return (
		<>
			<Table<EdgeEvent>
				caption={t("events.caption")}
				keys
				rows={list.rows}
				id={(row) => row.id}
				empty={<p>{t("events.none")}</p>}
				columns={[
					{ key: "time", label: t("approval.when"), class: "tight", show: (row) => <Time value={row.time} /> },
					{
						key: "value",
						label: t("object.value"),
						head: true,
						show: (row) => (row.indicator ? <Link to={`/threats/objects/${row.indicator}`} class="value">{row.value}</Link> : <span class="value">{row.value}</span>),
					},
					{ key: "action", label: t("set.action"), class: "tight", show: (row) => <Badge tone={row.action === "block" ? "hot" : "plain"}>{word("action", row.action)}</Badge> },
					{ key: "count", label: t("sightings.count"), class: "number", show: (row) => number(row.count, language.value) },
					{ key: "organisation", label: t("set.organisation"), show: (row) => <OrganisationName id={row.organisation} /> },
					...(query.edge ? [] : [{ key: "edge", label: t("edge.title"), show: (row: EdgeEvent) => <EdgeName id={row.edge} /> }]),
				]}
			/>
			<More of={list} />
		</>
	);
}

interface ReceiptQuery {
	edge?: string;
	authorisation?: string;
}

/** Receipts of sensors, with what the hub found of them. */
export function Receipts({ query }: { query: ReceiptQuery }) {
	const loaded = useLoad((signal) => hub.receipts(query, undefined, signal), [JSON.stringify(query)]);
	useLive(loaded.again, undefined, 5000);
	return (
		<>
			<p class="alert">{t("receipts.word")}</p>
			<Load of={loaded}>
				{(page) => <ReceiptTable key={JSON.stringify(query)} query={query} page={page} />}
			</Load>
		</>
	);
}

function ReceiptTable({ query, page }: { query: ReceiptQuery; page: ReceiptPage }) {
	const amount = (value: number) => number(value, language.value);
	const list = useMore({ rows: page.receipts, next: page.next }, async (cursor) => {
		const more = await hub.receipts(query, cursor);
		return { rows: more.receipts, next: more.next };
	});
	return (
		<>
			<Table<ReceiptItem>
				caption={t("receipts.caption")}
				rows={list.rows}
				id={(row) => `${row.edge} ${row.number} ${row.made}`}
				empty={<p>{t("receipts.none")}</p>}
				columns={[
					{ key: "number", label: t("receipts.number"), head: true, show: (row) => amount(row.number) },
					...(query.edge ? [] : [{ key: "edge", label: t("edge.title"), show: (row: ReceiptItem) => <EdgeName id={row.edge} /> }]),
					{ key: "until", label: t("receipts.until"), class: "tight", show: (row) => <Time value={row.until ?? row.made} /> },
					{
						key: "holds",
						label: t("receipts.found"),
						show: (row) => (row.holds ? <Badge tone="good">{t("receipts.holds")}</Badge> : <Badge tone="hot">{row.finding ?? t("receipts.fails")}</Badge>),
					},
					{ key: "seen", label: t("receipts.seen"), class: "number", show: (row) => amount(row.packets.seen) },
					{ key: "selected", label: t("observed.selected"), class: "number", show: (row) => amount(row.packets.selected) },
					{ key: "erased", label: t("observed.erased"), class: "number", show: (row) => amount(row.packets.erased) },
					{ key: "pending", label: t("observed.pending"), class: "number", show: (row) => amount(row.packets.pending) },
					{ key: "missed", label: t("receipts.notSeen"), class: "number", show: (row) => amount(row.packets.not_seen) },
					{ key: "records", label: t("receipts.records"), class: "number", show: (row) => amount(row.records) },
				]}
			/>
			<More of={list} />
		</>
	);
}

function Sets() {
	const sets = useLoad((signal) => hub.sets(signal), []);
	useLive(sets.again);
	return (
		<Load of={sets}>
			{({ rows }) => (
				<Table
					caption={t("edges.sets")}
					keys
					rows={rows}
					id={(row) => row.id}
					empty={<p>{t("sets.none")}</p>}
					columns={[
						{ key: "name", label: t("set.name"), head: true, show: (row) => <Link to={`/threats/sets/${row.id}`}>{row.names[language.value]}</Link> },
						{ key: "action", label: t("set.action"), class: "tight", show: (row) => <Badge>{word("action", row.action)}</Badge> },
						{ key: "tlp", label: t("set.audience"), class: "tight", show: (row) => <Tlp level={row.marking.tlp} /> },
						{ key: "version", label: t("set.version"), class: "number", show: (row) => (row.version ? number(row.version, language.value) : t("set.unpublished")) },
						{ key: "entries", label: t("set.entries"), class: "number", show: (row) => number(row.entries, language.value) },
						{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={row.expires} /> },
					]}
				/>
			)}
		</Load>
	);
}

/** Makes an enrolment code; it is shown once. */
function Invite({ onClose }: { onClose: () => void }) {
	const [kind, setKind] = useState<Edge["kind"]>("resolver");
	const [ja, setJa] = useState("");
	const [en, setEn] = useState("");
	const [code, setCode] = useState<EdgeCode | null>(null);
	const sending = useSend();
	const organisations = useLoad(async (signal) => (me.value?.kind === "centre" ? (await hub.organisations(undefined, signal)).organisations : []), []);
	const [organisation, setOrganisation] = useState(me.value?.organisation ?? "");
	if (code)
		return (
			<Dialog key="code" title={t("edges.code")} onClose={onClose}>
				<div class="stack">
					<p>{t("edges.codeAbout")}</p>
					<p class="secret">{code.code}</p>
					<div class="actions">
						<Copy text={code.code} />
						<span class="small soft">
							{t("approval.until")} <Time value={code.until} />
						</span>
					</div>
					<pre class="raw">{`hinomi edge enrol ${code.code}`}</pre>
				</div>
			</Dialog>
		);
	return (
		<Dialog title={t("edges.invite")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const body = { kind, names: { en: en.trim(), ja: ja.trim() }, ...(organisation && organisation !== me.value?.organisation ? { organisation } : {}) };
						setCode((await hub.inviteEdge(body)).value);
					});
				}}
			>
				<Select label={t("directory.kind")} name="kind" value={kind} onValue={(value) => setKind(value === "sensor" ? "sensor" : "resolver")} options={(["resolver", "sensor"] as const).map((value) => ({ value, label: word("edgeKind", value) }))} />
				<Input label={t("set.nameJa")} name="ja" value={ja} onValue={setJa} required maxLength={60} wrong={sending.error instanceof Refused ? sending.error.of("names") : undefined} />
				<Input label={t("set.nameEn")} name="en" value={en} onValue={setEn} required maxLength={60} />
				{(organisations.value ?? []).length > 1 && (
					<Select
						label={t("set.organisation")}
						name="organisation"
						value={organisation}
						onValue={setOrganisation}
						options={(organisations.value ?? []).map((one) => ({ value: one.id ?? "", label: one.names.find((name) => name.language === language.value)?.name ?? one.names[0]?.name ?? "" }))}
					/>
				)}
				<Failure error={sending.error} fields={["names"]} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("edges.makeCode")} />
			</form>
		</Dialog>
	);
}
