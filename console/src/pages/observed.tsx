// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import { t } from "../lang/text";
import { hourLabel, number, parseTime } from "../model/format";
import { language } from "../preferences";
import { setQuery, place, Link } from "../shell/router";
import { Bars, Columns } from "../ui/chart";
import { Failure } from "../ui/failure";
import { Select } from "../ui/field";
import { useLive, useLoad } from "../ui/load";

const SPANS = ["24", "72", "168", "720"] as const;
const HOUR = 3_600_000;

/** Every hour of a span, also those in which nothing was. */
function hoursOf(from: Date, now: Date, counts: readonly { hour: string; count: number }[]): { hour: Date; count: number }[] {
	const known = new Map(counts.map((one) => [parseTime(one.hour)?.getTime(), one.count]));
	const all: { hour: Date; count: number }[] = [];
	for (let at = from.getTime(); at <= now.getTime() && all.length < 1000; at += HOUR) all.push({ hour: new Date(at), count: known.get(at) ?? 0 });
	return all;
}

/** What edges report: blocked, selected, erased, pending; and how they are. */
export function Observed() {
	const span = SPANS.find((one) => one === place.value.query.get("hours")) ?? "24";
	const loaded = useLoad((signal) => hub.situation(Number(span), signal), [span]);
	useLive(loaded.again, undefined, 3000);
	// A hub of an older build has no edges, and says no more of them than that.
	if (loaded.error instanceof Refused && loaded.error.status === 404) return null;
	if (loaded.error) return <Failure error={loaded.error} again={loaded.again} />;
	const now = loaded.value;
	if (!now) return null;
	const { packets, edges, blocked } = now;
	const from = parseTime(now.from) ?? new Date();
	const hours = hoursOf(from, parseTime(now.now) ?? new Date(), blocked.hours);
	const sum = blocked.hours.reduce((all, one) => all + one.count, 0);
	return (
		<section class="stack" aria-label={t("observed.title")}>
			<div class="figures">
				<Amount label={t("observed.blocked")} value={sum} to="/edges?tab=events" />
				<Amount label={t("observed.selected")} value={packets.selected} to="/edges?tab=receipts" />
				<Amount label={t("observed.erased")} value={packets.erased} to="/edges?tab=receipts" />
				<Amount label={t("observed.pending")} value={packets.pending} to="/edges?tab=receipts" />
				<Amount label={t("observed.edges")} value={edges.following} to="/edges" about={t("observed.edgesAbout", { n: edges.enrolled, silent: edges.silent })} hot={edges.silent > 0} />
				{packets.failing > 0 && <Amount label={t("observed.failing")} value={packets.failing} to="/edges?tab=receipts" hot />}
			</div>
			<div class="side">
				<section class="card">
					<Columns
						title={t("observed.byHour")}
						unit={t("observed.unit")}
						aside={<Select label={t("observed.span")} name="hours" value={span} onValue={(value) => setQuery({ hours: value === "24" ? undefined : value })} options={SPANS.map((value) => ({ value, label: t("observed.hours", { n: value }) }))} />}
						points={hours.map((one) => ({
							label: hourLabel(one.hour, language.value, span !== "24"),
							value: one.count,
							href: `/edges?${new URLSearchParams({ tab: "events", from: one.hour.toISOString(), until: new Date(one.hour.getTime() + HOUR).toISOString() })}`,
						}))}
					/>
				</section>
				<section class="card">
					<h2>{t("observed.top")}</h2>
					{blocked.top.length ? (
						<Bars
							label={t("observed.top")}
							bars={blocked.top.map((one) => ({
								key: one.value,
								label: <span class="value">{one.value}</span>,
								value: one.count,
								href: one.indicator ? `/edges?${new URLSearchParams({ tab: "events", indicator: one.indicator })}` : undefined,
								hot: true,
							}))}
						/>
					) : (
						<p class="soft">{t("observed.nothing")}</p>
					)}
				</section>
			</div>
			<p class="small soft">{t("observed.word")}</p>
		</section>
	);
}

function Amount({ label, value, to, about, hot }: { label: string; value: number; to: string; about?: string; hot?: boolean }) {
	return (
		<Link to={to} class="card figure-card">
			<span class="soft">{label}</span>
			<span class={`big ${hot ? "hot" : ""}`}>{number(value, language.value)}</span>
			{about && <span class="small soft">{about}</span>}
		</Link>
	);
}
