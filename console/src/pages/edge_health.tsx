// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { Fragment } from "preact";
import { t, word } from "../lang/text";
import { bytes, number } from "../model/format";
import { text, type Stix } from "../model/stix";
import { language } from "../preferences";
import { Badge } from "../ui/badge";
import { SetName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";

// What an edge says of itself. Nothing of it is taken for granted: what is not of the form that is known stands as it came.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const record = (value: unknown): Stix => (value && typeof value === "object" && !Array.isArray(value) ? (value as Stix) : {});
export const records = (value: unknown): Stix[] => (Array.isArray(value) ? value.filter((one): one is Stix => !!one && typeof one === "object") : []);
const amount = (value: unknown) => (typeof value === "number" ? number(value, language.value) : "");

/** A set by its name where the number is one; what an edge calls it else. */
export function SetOf({ id, name }: { id: unknown; name?: unknown }) {
	const of = text(id);
	return of && UUID.test(of) ? <SetName id={of} /> : <span class="value">{text(name) ?? of}</span>;
}

/** Sets and documents that the edge has in force, with their versions. */
export function EdgeHeads({ health }: { health: Stix }) {
	const sets = records(record(record(health.resolver).answer).sets);
	return (
		<>
			<Table<Stix>
				caption={t("health.headsAbout")}
				rows={records(health.heads)}
				id={(row) => `${text(row.kind) ?? ""} ${text(row.id) ?? ""}`}
				empty={<p>{t("none")}</p>}
				columns={[
					{ key: "what", label: t("health.head"), head: true, show: (row) => (row.kind === "set" ? <SetOf id={row.id} /> : word("head", text(row.kind) ?? "")) },
					{ key: "version", label: t("set.version"), class: "number", show: (row) => amount(row.version) },
					{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={text(row.expires)} /> },
					{ key: "state", label: t("approval.state"), class: "tight", show: (row) => (row.expired === true ? <Badge tone="hot">{t("health.isExpired")}</Badge> : <Badge tone="good">{t("health.inForce")}</Badge>) },
				]}
			/>
			{sets.length > 0 && (
				<Table<Stix>
					caption={t("health.loaded")}
					rows={sets}
					id={(row) => text(row.name) ?? ""}
					columns={[
						{ key: "name", label: t("set.title"), head: true, show: (row) => <SetOf id={row.set_id} name={row.name} /> },
						{ key: "action", label: t("set.action"), show: (row) => word("verdict", text(row.action) ?? "") },
						{ key: "entries", label: t("set.entries"), class: "number", show: (row) => amount(row.entries) },
						{ key: "bytes", label: t("set.size"), class: "number", show: (row) => (typeof row.bytes === "number" ? bytes(row.bytes, language.value) : "") },
					]}
				/>
			)}
		</>
	);
}

/** Whatever it is: times and numbers as people read them, what is inside something line by line. */
function Told({ value }: { value: unknown }) {
	if (typeof value === "number") return <>{number(value, language.value)}</>;
	if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return <Time value={value} />;
	if (!value || typeof value !== "object") return <>{String(value)}</>;
	if (Array.isArray(value) || Object.values(value).some((one) => one && typeof one === "object")) return <span class="value small">{JSON.stringify(value, null, 1)}</span>;
	return (
		<ul>
			{Object.entries(value as Record<string, unknown>).map(([name, one]) => (
				<li key={name}>
					<span class="soft">{word("health", name)}</span> <Told value={one} />
				</li>
			))}
		</ul>
	);
}

/** Members that are shown in a way of their own. */
const SHOWN = ["at", "program", "connected", "heads", "spool"];

/** The rest of an edge's health, as rows of a list of facts. */
export function HealthFacts({ health }: { health: Stix }) {
	const spool = record(health.spool);
	const waiting = Object.entries(record(spool.waiting)).filter(([, count]) => typeof count === "number" && count > 0);
	const loaded = records(record(record(health.resolver).answer).sets).length > 0;
	const rest = Object.entries(health).filter(([name]) => !SHOWN.includes(name) && !(name === "resolver" && loaded));
	return (
		<>
			{typeof health.connected === "boolean" && (
				<>
					<dt>{t("health.connected")}</dt>
					<dd>{health.connected ? t("yes") : t("no")}</dd>
				</>
			)}
			{typeof spool.bytes === "number" && (
				<>
					<dt>{t("health.spool")}</dt>
					<dd>
						{bytes(spool.bytes, language.value)}
						{typeof spool.bytes_max === "number" && <span class="soft"> / {bytes(spool.bytes_max, language.value)}</span>} {spool.full === true && <Badge tone="hot">{t("health.full")}</Badge>}
						{waiting.map(([name, count]) => (
							<div key={name} class="small">
								{t("health.waiting", { what: word("stream", name), n: amount(count) })}
							</div>
						))}
					</dd>
				</>
			)}
			{rest.map(([name, value]) => (
				<Fragment key={name}>
					<dt>{word("health", name)}</dt>
					<dd>
						<Told value={value} />
					</dd>
				</Fragment>
			))}
		</>
	);
}
