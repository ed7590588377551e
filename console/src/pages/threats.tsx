// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useRef, useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { ObjectItem } from "../api/schema";
import { t, word } from "../lang/text";
import { question, type Way } from "../model/question";
import { externals, titleOf } from "../model/stix";
import { Page } from "../shell/page";
import { go, Link, place, setQuery } from "../shell/router";
import { decides, roles } from "../session";
import { Badge, Marking } from "../ui/badge";
import { Bars } from "../ui/chart";
import { Icon } from "../ui/icon";
import { Load, useLive, useLoad } from "../ui/load";
import { More, useMore } from "../ui/more";
import { Table } from "../ui/table";
import { Ago } from "../ui/time";

export const TYPES = ["indicator", "sighting", "malware", "threat-actor", "intrusion-set", "campaign", "infrastructure", "attack-pattern", "tool", "vulnerability", "report", "note", "observed-data"];

/** One box for anything, and what it finds. */
export function Threats() {
	const { query } = place.value;
	const typed = query.get("q") ?? "";
	const type = query.get("type") ?? undefined;
	return (
		<Page
			title={t("section.threats")}
			about={t("threats.about")}
			actions={
				<>
					<Link to="/threats/approvals" class="button">
						{t("approvals.title")}
					</Link>
					<Link to="/threats/holds" class="button">
						{t("holds.title")}
					</Link>
					{roles.value.size > 0 && (
						<Link to="/threats/extract" class="button primary">
							{t("extract.do")}
						</Link>
					)}
				</>
			}
		>
			<SearchBox typed={typed} />
			{typed ? <Results typed={typed} chosen={query.get("by") ?? undefined} /> : type ? <OfType type={type} /> : <Overview />}
		</Page>
	);
}

function SearchBox({ typed }: { typed: string }) {
	const [text, setText] = useState(typed);
	const input = useRef<HTMLInputElement>(null);
	useEffect(() => setText(typed), [typed]);
	return (
		<form
			role="search"
			class="search"
			onSubmit={(event) => {
				event.preventDefault();
				const asked = question(text);
				if (asked?.object) go(`/threats/objects/${asked.object}`);
				else go(asked ? `/threats?${new URLSearchParams({ q: text.trim() })}` : "/threats");
			}}
		>
			<input
				ref={input}
				class="input"
				type="search"
				name="q"
				aria-label={t("search.label")}
				placeholder={t("search.placeholder")}
				autocomplete="off"
				spellcheck={false}
				maxLength={2048}
				value={text}
				onInput={(event) => setText(event.currentTarget.value)}
			/>
			<button type="submit" class="button primary">
				<Icon name="search" />
				<span>{t("search.do")}</span>
			</button>
		</form>
	);
}

function Results({ typed, chosen }: { typed: string; chosen: string | undefined }) {
	const asked = question(typed);
	const way: Way = asked?.ways.find((one) => one === chosen) ?? asked?.way ?? "text";
	const loaded = useLoad((signal) => hub.search(way, asked?.asked ?? typed, undefined, signal), [way, asked?.asked]);
	useLive(loaded.again, ["objects"], 3000);
	return (
		<section class="stack" aria-label={t("search.results")}>
			{asked && (
				<div class="chips" role="group" aria-label={t("search.ways")}>
					{asked.ways.map((one) => (
						<button key={one} type="button" class="chip" aria-pressed={one === way} onClick={() => setQuery({ by: one === asked.way ? undefined : one })}>
							{t(`way.${one}`)}
						</button>
					))}
					{asked.asked !== typed.trim() && (
						<span class="small soft">
							{t("search.asked")} <span class="value">{asked.asked}</span>
						</span>
					)}
				</div>
			)}
			<div class="card">
				<Load of={loaded}>
					{(page) => (
						<>
							{!page.complete && <p class="alert warn">{t("search.incomplete")}</p>}
							{page.cut && <p class="alert">{t("search.cut")}</p>}
							<ObjectTable
								key={JSON.stringify([way, asked?.asked])}
								caption={t("search.caption")}
								first={page.objects}
								next={page.next}
								more={(cursor) => hub.search(way, asked?.asked ?? typed, cursor)}
								empty={
									<>
										<p>{t("search.nothing")}</p>
										<p class="small">{t("search.nothingHint")}</p>
									</>
								}
							/>
						</>
					)}
				</Load>
			</div>
		</section>
	);
}

function OfType({ type }: { type: string }) {
	const loaded = useLoad((signal) => hub.objects(type, undefined, signal), [type]);
	return (
		<section class="card">
			<div class="card-head">
				<h2>{word("type", type)}</h2>
				<Link to="/threats">{t("threats.allTypes")}</Link>
			</div>
			<Load of={loaded}>
				{(page) => (
					<ObjectTable key={type} caption={t("threats.oldestFirst")} first={page.objects} next={page.next} more={(cursor) => hub.objects(type, cursor)} empty={<p>{t("threats.noneOfType")}</p>} />
				)}
			</Load>
		</section>
	);
}

interface ListProps {
	caption: string;
	first: readonly ObjectItem[];
	next: string | undefined;
	more: (cursor: string) => Promise<{ objects: ObjectItem[]; next?: string }>;
	empty: preact.ComponentChildren;
}

/** Objects with how they are marked; more of them when asked. */
export function ObjectTable({ caption, first, next, more, empty }: ListProps) {
	const list = useMore({ rows: first, next }, async (cursor) => {
		const page = await more(cursor);
		return { rows: page.objects, next: page.next };
	});
	return (
		<>
			<Table
				caption={caption}
				keys
				rows={list.rows}
				id={(row) => `${row.object.id} ${row.version}`}
				empty={empty}
				columns={[
					{ key: "type", label: t("object.type"), class: "tight", show: (row) => <Badge tone={row.object.type === "indicator" ? "accent" : "plain"}>{word("type", row.object.type)}</Badge> },
					{ key: "name", label: t("object.name"), head: true, show: (row) => <ObjectName row={row} /> },
					{ key: "marking", label: t("object.marking"), class: "tight", show: (row) => <Marking marking={row.marking} brief /> },
					{ key: "added", label: t("object.added"), class: "tight", show: (row) => <Ago value={row.added} /> },
				]}
			/>
			<More of={list} />
		</>
	);
}

function ObjectName({ row }: { row: ObjectItem }) {
	const object = row.object;
	const pattern = typeof object.pattern === "string" ? object.pattern : undefined;
	const name = titleOf(object);
	return (
		<div>
			<Link to={`/threats/objects/${object.id}`}>{name}</Link>
			{object.revoked === true && <Badge tone="hot">{t("object.revoked")}</Badge>}
			{row.masked && <Badge tone="warn">{t("object.masked")}</Badge>}
			{pattern && pattern !== name && <div class="value soft small">{pattern.slice(0, 240)}</div>}
			{externals(object)[0]?.id && <div class="small soft">{externals(object)[0]?.id}</div>}
		</div>
	);
}

function Overview() {
	const counts = useLoad(
		async (signal) => Promise.all(TYPES.map(async (type) => ({ type, count: (await hub.count(type, signal)).objects }))),
		[],
	);
	useLive(counts.again, ["objects"], 5000);
	return (
		<div class="side">
			<section class="card">
				<h2>{t("threats.counts")}</h2>
				<Load of={counts}>
					{(all) => (
						<Bars
							label={t("threats.counts")}
							bars={all
								.filter((one) => one.count > 0 || one.type === "indicator")
								.sort((a, b) => b.count - a.count)
								.map((one) => ({ key: one.type, label: word("type", one.type), value: one.count, href: `/threats?type=${one.type}`, hot: one.type === "sighting" }))}
						/>
					)}
				</Load>
			</section>
			<section class="card stack tight">
				<h2>{t("threats.how")}</h2>
				<dl class="facts">
					<dt class="value">203.0.113.9</dt>
					<dd>{t("how.value")}</dd>
					<dt class="value">198.51.100.0/24</dt>
					<dd>{t("how.prefix")}</dd>
					<dt class="value">evil[.]example</dt>
					<dd>{t("how.defanged")}</dd>
					<dt class="value">*.evil.example</dt>
					<dd>{t("how.below")}</dd>
					<dt class="value">攻撃 ransom</dt>
					<dd>{t("how.words")}</dd>
					<dt class="value">[ipv4-addr:value = …]</dt>
					<dd>{t("how.pattern")}</dd>
					<dt class="value">indicator--…</dt>
					<dd>{t("how.id")}</dd>
				</dl>
				{decides.value && <p class="small soft">{t("how.then")}</p>}
			</section>
		</div>
	);
}
