// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useState } from "preact/hooks";
import * as hub from "../api/hub";
import { listen, live } from "../api/events";
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { me } from "../session";
import { Badge, State } from "../ui/badge";
import { Bars } from "../ui/chart";
import { Load, useLive, useLoad } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Ago } from "../ui/time";
import { standings, StandingTable } from "./approvals";
import { Observed } from "./observed";
import { TYPES } from "./threats";

/** What is going on, and what waits for somebody. */
export function Situation() {
	const waiting = useLoad((signal) => standings("proposed", signal), []);
	const counts = useLoad(async (signal) => Promise.all(TYPES.map(async (type) => ({ type, count: (await hub.count(type, signal)).objects }))), []);
	useLive(waiting.again);
	useLive(counts.again, ["objects"], 2000);
	const of = (type: string) => counts.value?.find((one) => one.type === type)?.count ?? 0;
	const inForce = waiting.value?.sets.reduce((sum, set) => sum + set.entries, 0) ?? 0;
	return (
		<Page title={t("section.situation")} about={me.value ? <OrganisationName id={me.value.organisation} /> : undefined}>
			<div class="figures">
				<Figure label={t("figure.waiting")} value={waiting.value?.rows.length} to="/threats/approvals" hot={!!waiting.value?.rows.length} about={t("figure.waitingAbout")} />
				<Figure label={t("figure.inForce")} value={waiting.value && inForce} to="/threats/approvals?state=approved" about={t("figure.inForceAbout", { n: waiting.value?.sets.length ?? 0 })} />
				<Figure label={t("figure.indicators")} value={counts.value && of("indicator")} to="/threats?type=indicator" about={t("figure.indicatorsAbout")} />
				<Figure label={t("figure.sightings")} value={counts.value && of("sighting")} to="/threats?type=sighting" about={t("figure.sightingsAbout")} />
			</div>
			<Observed />
			<div class="halves">
				<section class="card">
					<div class="card-head">
						<h2>{t("situation.waiting")}</h2>
						<Link to="/threats/approvals">{t("situation.all")}</Link>
					</div>
					<Load of={waiting}>{({ rows }) => <StandingTable caption={t("situation.waiting")} rows={rows.slice(0, 12)} empty={<p>{t("approvals.none")}</p>} />}</Load>
				</section>
				<section class="card">
					<h2>{t("threats.counts")}</h2>
					<Load of={counts}>
						{(all) => (
							<Bars
								label={t("threats.counts")}
								bars={all
									.filter((one) => one.count > 0)
									.sort((a, b) => b.count - a.count)
									.map((one) => ({ key: one.type, label: word("type", one.type), value: one.count, href: `/threats?type=${one.type}`, hot: one.type === "sighting" }))}
							/>
						)}
					</Load>
				</section>
				<Stream />
				<Standing />
			</div>
		</Page>
	);
}

function Figure({ label, value, to, about, hot }: { label: string; value: number | undefined; to: string; about: string; hot?: boolean }) {
	return (
		<Link to={to} class="card figure-card">
			<span class="soft">{label}</span>
			<span class={`big ${hot ? "hot" : ""}`}>{value === undefined ? "…" : number(value, language.value)}</span>
			<span class="small soft">{about}</span>
		</Link>
	);
}

interface Line {
	key: string;
	at: string;
	count: number;
	types: string[];
}

/** What came while one looks. */
function Stream() {
	const [lines, setLines] = useState<Line[]>([]);
	useEffect(
		() =>
			listen((told) => {
				const data = told.data as { count?: unknown; types?: unknown } | null;
				if (told.event !== "objects" || !data || typeof data.count !== "number") return;
				const types = Array.isArray(data.types) ? data.types.filter((one): one is string => typeof one === "string") : [];
				setLines((old) => [{ key: told.id || String(Date.now()), at: new Date().toISOString(), count: Number(data.count), types }, ...old].slice(0, 20));
			}),
		[],
	);
	return (
		<section class="card">
			<div class="card-head">
				<h2>{t("stream.title")}</h2>
				<Badge tone={live.value === "on" ? "good" : "warn"}>{t(`live.${live.value}`)}</Badge>
			</div>
			<Table
				caption={t("stream.title")}
				quiet
				rows={lines}
				id={(row) => row.key}
				empty={<p>{t("stream.none")}</p>}
				columns={[
					{ key: "at", label: t("approval.when"), class: "tight", show: (row) => <Ago value={row.at} /> },
					{ key: "count", label: t("stream.count"), class: "number", show: (row) => number(row.count, language.value) },
					{ key: "types", label: t("object.type"), show: (row) => <span class="row">{row.types.map((one) => <Link key={one} to={`/threats?type=${encodeURIComponent(one)}`}>{word("type", one)}</Link>)}</span> },
				]}
			/>
		</section>
	);
}

/** Whether the hub itself is well, and how far its ledger is. */
function Standing() {
	const loaded = useLoad(async (signal) => {
		const [root, ready, checkpoint] = await Promise.all([hub.root(signal), hub.ready(signal), hub.checkpoint(signal).catch(() => "")]);
		return { root, ready, entries: checkpoint.split("\n")[1] ?? "" };
	}, []);
	useLive(loaded.again, undefined, 10_000);
	return (
		<section class="card">
			<h2>{t("standing.title")}</h2>
			<Load of={loaded}>
				{({ root, ready, entries }) => (
					<dl class="facts">
						<dt>{t("standing.name")}</dt>
						<dd>
							{root.name} <span class="soft">{root.version}</span>
						</dd>
						{Object.entries(ready.checks ?? { hub: ready.status }).map(([name, state]) => (
							<>
								<dt>{word("check", name)}</dt>
								<dd>
									<State state={state} />
								</dd>
							</>
						))}
						{/^\d+$/.test(entries) && (
							<>
								<dt>{t("standing.ledger")}</dt>
								<dd>{number(Number(entries), language.value)}</dd>
							</>
						)}
					</dl>
				)}
			</Load>
		</section>
	);
}
