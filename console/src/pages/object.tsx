// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { ObjectItem, Set as NamedSet, Approval } from "../api/schema";
import { t, word } from "../lang/text";
import { defang } from "../model/extract";
import { number } from "../model/format";
import { externals, patternValues, references, text, texts, titleOf, typeOf, type Stix } from "../model/stix";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { decides, me } from "../session";
import { language } from "../preferences";
import { Badge, Marking, State } from "../ui/badge";
import { Columns } from "../ui/chart";
import { Copy } from "../ui/copy";
import { Load, useLive, useLoad } from "../ui/load";
import { OrganisationName, PersonName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Ago, Time } from "../ui/time";
import { Explain } from "./explain";
import { ProposeDialog } from "./propose";
import { ObjectTable } from "./threats";

const RELATIONS_MAX = 1000;

/** All that is known of one object, and why one may know it. */
export function ObjectPage({ id }: { id: string }) {
	const [tab, setTab] = useState("what");
	const [proposing, setProposing] = useState(false);
	const loaded = useLoad((signal) => hub.versions(id, signal), [id]);
	const related = useLoad(
		(signal) =>
			hub.all(async (cursor) => {
				const page = await hub.relations(id, cursor, signal);
				return { rows: page.objects, next: page.next };
			}, RELATIONS_MAX),
		[id],
	);
	useLive(() => (loaded.again(), related.again()), ["objects"], 3000);
	return (
		<Load of={loaded}>
			{(page) => {
				const newest = [...page.objects].sort((a, b) => b.version.localeCompare(a.version))[0];
				if (!newest) return <div class="empty">{t("error.notThere")}</div>;
				const object: Stix = newest.object;
				const sightings = related.value?.rows.filter((one) => one.object.type === "sighting") ?? [];
				const others = related.value?.rows.filter((one) => one.object.type !== "sighting") ?? [];
				const tabs = [
					{ id: "what", label: t("object.tab.what") },
					{ id: "force", label: t("object.tab.force") },
					{ id: "sightings", label: `${t("object.tab.sightings")}${sightings.length ? ` (${sightings.length})` : ""}` },
					{ id: "links", label: `${t("object.tab.links")}${others.length ? ` (${others.length})` : ""}` },
					{ id: "history", label: `${t("object.tab.history")} (${page.objects.length})` },
					{ id: "access", label: t("object.tab.access") },
					{ id: "raw", label: "JSON" },
				];
				return (
					<Page
						crumbs={<Link to="/threats">{t("section.threats")}</Link>}
						title={titleOf(object)}
						about={
							<span class="row">
								<Badge tone="accent">{word("type", newest.object.type)}</Badge>
								<Marking marking={newest.marking} />
								{object.revoked === true && <Badge tone="hot">{t("object.revoked")}</Badge>}
								{newest.masked && <Badge tone="warn">{t("object.masked")}</Badge>}
								<span class="value small soft">{id}</span>
							</span>
						}
						actions={
							decides.value && newest.object.type === "indicator" && object.revoked !== true && !newest.masked ? (
								<button type="button" class="button primary" onClick={() => setProposing(true)}>
									{t("propose.do")}
								</button>
							) : undefined
						}
					>
						<section class="card">
							<Tabs label={t("object.tabs")} tabs={tabs} chosen={tab} onChoose={setTab}>
								{tab === "what" && <What item={newest} />}
								{tab === "force" && <InForce id={id} />}
								{tab === "sightings" && (
									<>
										{newest.object.type === "indicator" && <SeenByEdges id={id} />}
										<Load of={related}>{() => <Sightings rows={sightings} />}</Load>
									</>
								)}
								{tab === "links" && <Load of={related}>{() => <Links id={id} object={object} rows={others} />}</Load>}
								{tab === "history" && <History rows={page.objects} />}
								{tab === "access" && <Explain id={id} />}
								{tab === "raw" && <Raw object={object} />}
							</Tabs>
						</section>
						{proposing && <ProposeDialog object={id} title={titleOf(object)} onClose={() => setProposing(false)} />}
					</Page>
				);
			}}
		</Load>
	);
}

/** Members that the page shows in a way of their own, or elsewhere. */
const SHOWN = new Set(["type", "id", "spec_version", "name", "description", "pattern", "pattern_type", "pattern_version", "created", "modified", "object_marking_refs", "granular_markings", "external_references", "revoked", "extensions"]);

function What({ item }: { item: ObjectItem }) {
	const object: Stix = item.object;
	const pattern = text(object.pattern);
	const values = pattern ? patternValues(pattern) : [];
	const rest = Object.entries(object).filter(([name, value]) => !SHOWN.has(name) && !name.endsWith("_ref") && !name.endsWith("_refs") && value !== null);
	return (
		<div class="stack">
			{text(object.description) && <p class="note pre">{text(object.description)}</p>}
			{values.length > 0 && (
				<Table
					caption={t("object.values")}
					rows={values}
					id={(row) => `${row.path} ${row.value}`}
					columns={[
						{ key: "value", label: t("object.value"), head: true, show: (row) => <Link to={`/threats?${new URLSearchParams({ q: row.value })}`} class="value">{row.value}</Link> },
						{ key: "path", label: t("object.path"), show: (row) => <span class="value soft">{row.path}</span> },
						{
							key: "copy",
							label: t("object.do"),
							class: "tight",
							bare: true,
							show: (row) => (
								<span class="row">
									<Copy text={defang(row.value)} label={t("copy.defanged")} />
									{decides.value && (
										<Link to={`/threats/holds?${new URLSearchParams({ new: "1", value: row.value })}`} class="button quiet">
											{t("hold.place")}
										</Link>
									)}
								</span>
							),
						},
					]}
				/>
			)}
			<dl class="facts">
				{pattern && (
					<>
						<dt>{t("object.pattern")}</dt>
						<dd class="value">{pattern}</dd>
					</>
				)}
				{rest.map(([name, value]) => (
					<>
						<dt>{word("member", name)}</dt>
						<dd>
							<Value name={name} value={value} />
						</dd>
					</>
				))}
				{text(object.created_by_ref) && (
					<>
						<dt>{word("member", "created_by_ref")}</dt>
						<dd>
							<Link to={`/threats/objects/${String(object.created_by_ref)}`} class="value">
								{String(object.created_by_ref)}
							</Link>
						</dd>
					</>
				)}
				<dt>{t("object.created")}</dt>
				<dd>
					<Time value={text(object.created)} both />
				</dd>
				<dt>{t("object.version")}</dt>
				<dd>
					<Time value={item.version} both />
				</dd>
				<dt>{t("object.addedHere")}</dt>
				<dd>
					<Time value={item.added} both />
				</dd>
				{externals(object).map((one, at) => (
					<>
						<dt>{t("object.reference", { n: at + 1 })}</dt>
						<dd>
							{[one.source, one.id, one.description].filter(Boolean).join(" · ")}
							{one.url && <div class="value soft">{defang(one.url)}</div>}
						</dd>
					</>
				))}
			</dl>
		</div>
	);
}

/** One member of an object, as text whatever it is. */
function Value({ name, value }: { name: string; value: unknown }) {
	if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return <Time value={value} both />;
	if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return <span class={name === "value" ? "value" : undefined}>{String(value)}</span>;
	if (Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number"))
		return (
			<span class="row">
				{value.slice(0, 100).map((one, at) => (
					<Badge key={at}>{String(one)}</Badge>
				))}
			</span>
		);
	return <span class="value small">{JSON.stringify(value, null, 1)}</span>;
}

interface Standing {
	set: NamedSet;
	approval: Approval;
}

/** Where it is in force: what the sets' people decided about it. */
function InForce({ id }: { id: string }) {
	const loaded = useLoad(
		async (signal) => {
			const { rows } = await hub.sets(signal);
			const found: Standing[] = [];
			let cut = false;
			for (const set of rows) {
				try {
					const page = await hub.approvals(set.id, undefined, undefined, signal, 1000);
					cut ||= page.next !== undefined;
					for (const approval of page.approvals) if (approval.object === id) found.push({ set, approval });
				} catch {
					signal.throwIfAborted();
				}
			}
			return { found, cut };
		},
		[id],
	);
	return (
		<Load of={loaded}>
			{({ found, cut }) => (
				<>
					{cut && <p class="alert">{t("force.cut")}</p>}
					<Table
						caption={t("force.caption")}
						rows={found}
						id={(row) => row.approval.id}
						empty={<p>{t("force.none")}</p>}
						columns={[
							{
								key: "set",
								label: t("set.title"),
								head: true,
								show: (row) => <Link to={`/threats/sets/${row.set.id}/approvals/${row.approval.id}`}>{row.set.names[language.value]}</Link>,
							},
							{ key: "action", label: t("set.action"), class: "tight", show: (row) => <Badge>{word("action", row.set.action)}</Badge> },
							{ key: "state", label: t("approval.state"), class: "tight", show: (row) => <State state={row.approval.state} /> },
							{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.approval.valid_until} /> },
							{ key: "by", label: t("approval.by"), show: (row) => <PersonName id={(row.approval.decided ?? row.approval.proposed)?.by} /> },
						]}
					/>
				</>
			)}
		</Load>
	);
}

/** How often edges saw it: by day for one's own organisation, in sum for all. */
function SeenByEdges({ id }: { id: string }) {
	const loaded = useLoad((signal) => hub.sightings(id, signal), [id]);
	useLive(loaded.again, undefined, 5000);
	if (loaded.error instanceof Refused && loaded.error.status === 404) return null;
	return (
		<Load of={loaded}>
			{({ days, everywhere }) => {
				const byDay = new Map<string, number>();
				for (const one of days) byDay.set(one.day.slice(0, 10), (byDay.get(one.day.slice(0, 10)) ?? 0) + one.count);
				const points = byDay.size ? everyDay(byDay) : [];
				return (
					<>
						{everywhere && <p class="alert">{t("sightings.everywhere", { n: number(everywhere.count, language.value), organisations: everywhere.organisations })}</p>}
						{points.length > 0 && (
							<Columns
								title={t("sightings.byDay")}
								unit={t("sightings.count")}
								points={points.map(([day, value]) => ({
									label: day.slice(5),
									value,
									href: `/edges?${new URLSearchParams({ tab: "events", indicator: id, from: `${day}T00:00:00Z`, until: new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString() })}`,
								}))}
							/>
						)}
						{days.length > 0 && (
							<Table
								caption={t("sightings.edges")}
								rows={days}
								id={(row) => `${row.source} ${row.organisation} ${row.day} ${row.selected}`}
								columns={[
									{ key: "day", label: t("sightings.day"), head: true, show: (row) => row.day.slice(0, 10) },
									{ key: "source", label: t("edge.title"), class: "tight", show: (row) => word("edgeKind", row.source) },
									{ key: "organisation", label: t("set.organisation"), show: (row) => <OrganisationName id={row.organisation} /> },
									{ key: "count", label: t("sightings.count"), class: "number", show: (row) => number(row.count, language.value) },
									{ key: "marks", label: t("object.marking"), class: "tight", show: (row) => (row.selected ? <Badge tone="hot">{t("marking.selected")}</Badge> : null) },
								]}
							/>
						)}
					</>
				);
			}}
		</Load>
	);
}

const DAY_MS = 86_400_000;
const DAYS = { least: 14, most: 60 };

/** The days up to today, also those on which nothing was seen. */
function everyDay(counts: ReadonlyMap<string, number>): [string, number][] {
	const today = Math.floor(Date.now() / DAY_MS);
	const first = Math.min(...[...counts.keys()].map((day) => Date.parse(`${day}T00:00:00Z`) / DAY_MS));
	const many = Math.min(DAYS.most, Math.max(DAYS.least, today - first + 1));
	return Array.from({ length: many }, (_, at) => {
		const day = new Date((today - many + 1 + at) * DAY_MS).toISOString().slice(0, 10);
		return [day, counts.get(day) ?? 0];
	});
}

function Sightings({ rows }: { rows: ObjectItem[] }) {
	return (
		<Table
			caption={t("sightings.caption")}
			rows={rows}
			id={(row) => `${row.object.id} ${row.version}`}
			empty={<p>{t("sightings.none")}</p>}
			columns={[
				{ key: "day", label: t("sightings.last"), head: true, show: (row) => <Link to={`/threats/objects/${row.object.id}`}><Time value={text(row.object.last_seen) ?? text(row.object.first_seen) ?? row.version} /></Link> },
				{ key: "count", label: t("sightings.count"), class: "number", show: (row) => String(row.object.count ?? 1) },
				{ key: "where", label: t("sightings.where"), show: (row) => <Refs ids={texts(row.object.where_sighted_refs)} /> },
				{ key: "marking", label: t("object.marking"), class: "tight", show: (row) => <Marking marking={row.marking} brief /> },
				{ key: "added", label: t("object.added"), class: "tight", show: (row) => <Ago value={row.added} /> },
			]}
		/>
	);
}

/** Identities of sightings carry the organisation's own number. */
function Refs({ ids }: { ids: string[] }) {
	return (
		<span class="row">
			{ids.map((one) => (typeOf(one) === "identity" ? <OrganisationName key={one} id={one.slice("identity--".length)} /> : <Link key={one} to={`/threats/objects/${one}`}>{one}</Link>))}
		</span>
	);
}

function Links({ id, object, rows }: { id: string; object: Stix; rows: ObjectItem[] }) {
	const shares = useLoad((signal) => hub.correlations(id, signal), [id]);
	const names = references(object).filter((one) => one.member !== "object_marking_refs");
	return (
		<div class="stack">
			{names.length > 0 && (
				<Table
					caption={t("links.names")}
					rows={names}
					id={(row) => `${row.member} ${row.id}`}
					columns={[
						{ key: "member", label: t("links.member"), class: "tight", show: (row) => word("member", row.member) },
						{ key: "id", label: t("links.object"), head: true, show: (row) => <Link to={`/threats/objects/${row.id}`} class="value">{row.id}</Link> },
					]}
				/>
			)}
			<ObjectTable caption={t("links.pointing")} first={rows} next={undefined} more={() => Promise.resolve({ objects: [] })} empty={<p>{t("links.none")}</p>} />
			<h2>{t("links.shares")}</h2>
			<Load of={shares}>
				{(all) =>
					all.values.some((one) => one.objects.length) ? (
						<>
							{all.values.map((one) => (
								<ObjectTable key={one.value} caption={one.value} first={one.objects} next={undefined} more={() => Promise.resolve({ objects: [] })} empty={<p>{t("links.tooMany")}</p>} />
							))}
						</>
					) : (
						<p class="soft">{t("links.sharesNone")}</p>
					)
				}
			</Load>
		</div>
	);
}

function History({ rows }: { rows: ObjectItem[] }) {
	return (
		<Table
			caption={t("history.caption")}
			rows={[...rows].sort((a, b) => b.version.localeCompare(a.version))}
			id={(row) => row.version}
			columns={[
				{ key: "version", label: t("object.version"), head: true, show: (row) => <Time value={row.version} both /> },
				{ key: "name", label: t("object.name"), show: (row) => titleOf(row.object) },
				{ key: "marking", label: t("object.marking"), class: "tight", show: (row) => <Marking marking={row.marking} /> },
				{ key: "state", label: t("approval.state"), class: "tight", show: (row) => (row.object.revoked === true ? <Badge tone="hot">{t("object.revoked")}</Badge> : null) },
				{ key: "added", label: t("object.addedHere"), class: "tight", show: (row) => <Time value={row.added} /> },
			]}
		/>
	);
}

function Raw({ object }: { object: Stix }) {
	const json = JSON.stringify(object, null, 2);
	return (
		<div class="stack tight">
			<div class="actions">
				<Copy text={json} />
				{me.value && <span class="small soft">{t("object.rawAbout")}</span>}
			</div>
			<pre class="raw" tabIndex={0} role="region" aria-label="JSON">
				{json}
			</pre>
		</div>
	);
}
