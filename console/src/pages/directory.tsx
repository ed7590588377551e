// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Group, Organisation, Person } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link, place, setQuery } from "../shell/router";
import { administers, me } from "../session";
import { Badge } from "../ui/badge";
import { Input } from "../ui/field";
import { Load, useLoad } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { MakeGroup, MakeOrganisation, MakePerson } from "./directory_make";

const TABS = ["organisations", "people", "groups"] as const;

/** Names in all languages and readings, for looking through. */
const hay = (one: { names?: { name: string; reading?: string }[]; login?: string }) =>
	[...(one.names ?? []).flatMap((name) => [name.name, name.reading ?? ""]), one.login ?? ""].join(" ").toLowerCase();

export function Directory() {
	const { query } = place.value;
	const tab = TABS.find((one) => one === query.get("tab")) ?? "organisations";
	const needle = (query.get("q") ?? "").toLowerCase();
	const [making, setMaking] = useState(false);
	const mayMake = administers.value && (me.value?.kind === "centre" || tab === "people");
	return (
		<Page
			title={t("section.directory")}
			about={t("directory.about")}
			actions={
				mayMake && (
					<button type="button" class="button primary" onClick={() => setMaking(true)}>
						{t(`directory.make.${tab}`)}
					</button>
				)
			}
		>
			<section class="card stack">
				<Tabs label={t("section.directory")} tabs={TABS.map((id) => ({ id, label: t(`directory.${id}`) }))} chosen={tab} onChoose={(id) => setQuery({ tab: id === "organisations" ? undefined : id })}>
					<Input label={t("directory.filter")} name="filter" type="search" value={query.get("q") ?? ""} onValue={(value) => setQuery({ q: value })} />
					{tab === "organisations" && <Organisations needle={needle} />}
					{tab === "people" && <People needle={needle} />}
					{tab === "groups" && <Groups needle={needle} />}
				</Tabs>
			</section>
			{making && tab === "organisations" && <MakeOrganisation onClose={() => setMaking(false)} />}
			{making && tab === "people" && <MakePerson onClose={() => setMaking(false)} />}
			{making && tab === "groups" && <MakeGroup onClose={() => setMaking(false)} />}
		</Page>
	);
}

function Organisations({ needle }: { needle: string }) {
	const loaded = useLoad(async (signal) => {
		const found = await hub.all(async (cursor) => {
			const page = await hub.organisations(cursor, signal);
			return { rows: page.organisations, next: page.next };
		});
		for (const one of found.rows) remember(one.id, one);
		return found;
	}, []);
	return (
		<Load of={loaded}>
			{({ rows, cut }) => (
				<>
					{cut && <p class="alert">{t("list.cut", { n: rows.length })}</p>}
					<Table<Organisation>
						caption={t("directory.organisationsCaption")}
						keys
						rows={rows.filter((one) => hay(one).includes(needle))}
						id={(row) => row.id ?? ""}
						empty={<p>{t("directory.none")}</p>}
						columns={[
							{ key: "name", label: t("directory.name"), head: true, show: (row) => <Names of={row} to={`/directory/organisations/${row.id}`} /> },
							{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => <Badge tone={row.kind === "centre" ? "accent" : "plain"}>{word("kind", row.kind)}</Badge> },
							{ key: "sectors", label: t("directory.sectors"), show: (row) => (row.sectors?.critical ?? []).map((one) => word("sector", one)).join(t("list.comma")) },
							{ key: "state", label: t("approval.state"), class: "tight", show: (row) => (row.ended ? <Badge tone="hot">{t("directory.ended")}</Badge> : null) },
						]}
					/>
				</>
			)}
		</Load>
	);
}

function Names({ of, to }: { of: Organisation | Person | Group; to: string }) {
	const name = nameOf(of) ?? t("directory.nameless");
	const others = (of.names ?? []).map((one) => one.name).filter((one) => one !== name);
	return (
		<div>
			<Link to={to}>{name}</Link>
			{others.length > 0 && <div class="small soft">{others.join(" · ")}</div>}
		</div>
	);
}

function People({ needle }: { needle: string }) {
	const loaded = useLoad(async (signal) => {
		const found = await hub.all(async (cursor) => {
			const page = await hub.people(undefined, cursor, signal);
			return { rows: page.people, next: page.next };
		});
		for (const one of found.rows) remember(one.id, one);
		return found.rows;
	}, []);
	return <Load of={loaded}>{(rows) => <PeopleTable rows={rows.filter((one) => hay(one).includes(needle))} />}</Load>;
}

export function PeopleTable({ rows }: { rows: readonly Person[] }) {
	return (
		<Table
			caption={t("directory.peopleCaption")}
			keys
			rows={rows}
			id={(row) => row.id ?? ""}
			empty={<p>{t("directory.none")}</p>}
			columns={[
				{ key: "name", label: t("directory.name"), head: true, show: (row) => <Names of={row} to={`/directory/people/${row.id}`} /> },
				{ key: "login", label: t("person.login"), show: (row) => <span class="value">{row.login}</span> },
				{
					key: "places",
					label: t("person.places"),
					show: (row) =>
						(row.places ?? []).map((one) => (
							<div key={one.organisation}>
								<OrganisationName id={one.organisation} /> <span class="small soft">{(one.roles ?? []).map((role) => word("role", role)).join(t("list.comma"))}</span>
							</div>
						)),
				},
				{ key: "state", label: t("approval.state"), class: "tight", show: (row) => (row.active === false ? <Badge tone="hot">{t("person.inactive")}</Badge> : <Badge tone="good">{t("person.active")}</Badge>) },
			]}
		/>
	);
}

function Groups({ needle }: { needle: string }) {
	const loaded = useLoad(
		async (signal) =>
			(
				await hub.all(async (cursor) => {
					const page = await hub.groups(cursor, signal);
					return { rows: page.groups, next: page.next };
				})
			).rows,
		[],
	);
	return (
		<Load of={loaded}>
			{(rows) => (
				<Table<Group>
					caption={t("directory.groupsCaption")}
					keys
					rows={rows.filter((one) => hay(one).includes(needle))}
					id={(row) => row.id ?? ""}
					empty={<p>{t("directory.none")}</p>}
					columns={[
						{ key: "name", label: t("directory.name"), head: true, show: (row) => <Names of={row} to={`/directory/groups/${row.id}`} /> },
						{ key: "description", label: t("group.description"), show: (row) => row.description },
						{ key: "keeper", label: t("group.keeper"), show: (row) => <OrganisationName id={row.keeper} /> },
						{ key: "state", label: t("approval.state"), class: "tight", show: (row) => (row.ended ? <Badge tone="hot">{t("directory.ended")}</Badge> : null) },
					]}
				/>
			)}
		</Load>
	);
}
