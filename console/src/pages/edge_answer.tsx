// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { isStixId, text, type Stix } from "../model/stix";
import { language } from "../preferences";
import { Link } from "../shell/router";
import { Table } from "../ui/table";
import { record, records, SetOf } from "./edge_health";

/** What a resolver answered: in words where the form is known, and whole. */
export function EdgeAnswer({ ask, answer }: { ask: string; answer: unknown }) {
	const said = record(answer);
	const of = record(said.answer);
	return (
		<div class="stack">
			{said.ok === false && <p class="alert hot">{text(said.error) ?? t("question.refused")}</p>}
			{said.ok === true && ask === "explain" && <Explained of={of} />}
			{said.ok === true && ask === "statistics" && <Counted of={of} />}
			<details>
				<summary>{t("question.whole")}</summary>
				<pre class="raw" tabIndex={0} role="region" aria-label={t("question.answer")}>
					{JSON.stringify(answer, null, 2)}
				</pre>
			</details>
		</div>
	);
}

function Explained({ of }: { of: Stix }) {
	const action = text(of.action) ?? "";
	const decided = record(of.decided);
	const refused = /^(nxdomain|nodata|sinkhole|drop)$/.test(action);
	const days = records(record(of.asked).days);
	return (
		<>
			<p class={`alert ${refused ? "hot" : "good"}`}>
				<span class="value">{text(of.name)}</span>: <strong>{word("verdict", action)}</strong>
			</p>
			{text(of.note) && <p class="note">{text(of.note)}</p>}
			<dl class="facts">
				{text(decided.set) && (
					<>
						<dt>{t("answer.decided")}</dt>
						<dd>
							<SetOf id={decided.set_id} name={decided.set} /> <span class="soft">{text(decided.organisation)}</span>
						</dd>
						<dt>{t("answer.why")}</dt>
						<dd>{text(decided.why)}</dd>
					</>
				)}
				{days.length > 0 && (
					<>
						<dt>{t("answer.asked")}</dt>
						<dd>{days.map((one) => `${text(one.day) ?? ""} ${word("level", text(one.asked) ?? "")}`).join(t("list.comma"))}</dd>
					</>
				)}
			</dl>
			<Table<Stix>
				caption={t("answer.matches")}
				rows={records(of.matches)}
				id={(row) => JSON.stringify(row)}
				empty={<p>{t("answer.noMatch")}</p>}
				columns={[
					{
						key: "entry",
						label: t("answer.entry"),
						head: true,
						show: (row) => {
							const object = text(row.object);
							return object && isStixId(object) ? <Link to={`/threats/objects/${object}`} class="value">{text(row.entry)}</Link> : <span class="value">{text(row.entry)}</span>;
						},
					},
					{ key: "set", label: t("set.title"), show: (row) => <SetOf id={row.set_id} name={row.set} /> },
					{ key: "action", label: t("set.action"), show: (row) => word("verdict", text(row.action) ?? "") },
					{ key: "status", label: t("approval.state"), show: (row) => word("match", text(row.status) ?? "") },
					{ key: "why", label: t("answer.why"), show: (row) => text(row.why) },
				]}
			/>
		</>
	);
}

/** Every number of a tree under the names that lead to it. */
function numbers(of: unknown, under: string[] = []): { name: string; value: number }[] {
	if (typeof of === "number") return [{ name: under.join(" · "), value: of }];
	if (!of || typeof of !== "object" || under.length > 5) return [];
	return Object.entries(of).flatMap(([name, value]) => numbers(value, [...under, name]));
}

function Counted({ of }: { of: Stix }) {
	const rows = numbers(of).filter((one) => one.value !== 0);
	return (
		<Table
			caption={t("answer.counted")}
			rows={rows.slice(0, 500)}
			id={(row) => row.name}
			empty={<p>{t("none")}</p>}
			columns={[
				{ key: "name", label: t("directory.name"), head: true, show: (row) => <span class="value">{row.name}</span> },
				{ key: "value", label: t("object.value"), class: "number", show: (row) => number(row.value, language.value) },
			]}
		/>
	);
}
