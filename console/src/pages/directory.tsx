// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import { newKey } from "../api/client";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Group, Organisation, Person } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { go, Link, place, setQuery } from "../shell/router";
import { administers, me } from "../session";
import { Badge } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area, Checks, Input, Select } from "../ui/field";
import { Load, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";

export const KINDS = ["centre", "ministry", "police", "defence", "commission", "ceptoar", "operator", "local-government", "vendor", "foreign-cert", "public"] as const;
export const ROLES = ["analyst", "approver", "reporter", "point-of-contact", "auditor", "administrator", "commissioner", "commission-staff", "edge-operator"] as const;
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

function Names({ of, to }: { of: Organisation | Person; to: string }) {
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
					rows={rows.filter((one) => hay(one).includes(needle))}
					id={(row) => row.id ?? ""}
					empty={<p>{t("directory.none")}</p>}
					columns={[
						{ key: "name", label: t("directory.name"), head: true, show: (row) => nameOf(row) },
						{ key: "description", label: t("group.description"), show: (row) => row.description },
						{ key: "keeper", label: t("group.keeper"), show: (row) => <OrganisationName id={row.keeper} /> },
						{ key: "id", label: "ID", show: (row) => <span class="value small">{row.id}</span> },
					]}
				/>
			)}
		</Load>
	);
}

/** Fields of a form that names something in both languages. */
export function useNames(from: Organisation["names"] = []) {
	const of = (language: string) => from.find((one) => one.language === language);
	const [ja, setJa] = useState(of("ja")?.name ?? "");
	const [reading, setReading] = useState(of("ja")?.reading ?? "");
	const [en, setEn] = useState(of("en")?.name ?? "");
	const others = from.filter((one) => one.language !== "ja" && one.language !== "en");
	const names: Organisation["names"] = [
		...(ja.trim() ? [{ language: "ja", name: ja.trim(), ...(reading.trim() ? { reading: reading.trim() } : {}) }] : []),
		...(en.trim() ? [{ language: "en", name: en.trim() }] : []),
		...others,
	];
	return {
		names,
		fields: (
			<div class="form-row">
				<Input label={t("names.ja")} name="name-ja" value={ja} onValue={setJa} maxLength={200} />
				<Input label={t("names.reading")} name="name-reading" value={reading} onValue={setReading} maxLength={200} />
				<Input label={t("names.en")} name="name-en" value={en} onValue={setEn} maxLength={200} />
			</div>
		),
	};
}

export function FormEnd({ onClose, busy, label }: { onClose: () => void; busy: boolean; label: string }) {
	return (
		<div class="actions end">
			<button type="button" class="button" onClick={onClose}>
				{t("action.cancel")}
			</button>
			<button type="submit" class="button primary" disabled={busy}>
				{label}
			</button>
		</div>
	);
}

function MakeOrganisation({ onClose }: { onClose: () => void }) {
	const { names, fields } = useNames();
	const [kind, setKind] = useState<Organisation["kind"]>("operator");
	const [key] = useState(newKey);
	const sending = useSend();
	return (
		<Dialog title={t("directory.make.organisations")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const made = await hub.makeOrganisation({ kind, names }, key);
						onClose();
						go(`/directory/organisations/${made.id}`);
					});
				}}
			>
				{fields}
				<Select label={t("directory.kind")} name="kind" value={kind} onValue={(value) => setKind(value as Organisation["kind"])} options={KINDS.filter((one) => one !== "centre").map((value) => ({ value, label: word("kind", value) }))} />
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("directory.make.organisations")} />
			</form>
		</Dialog>
	);
}

function MakeGroup({ onClose }: { onClose: () => void }) {
	const { names, fields } = useNames();
	const [description, setDescription] = useState("");
	const [key] = useState(newKey);
	const sending = useSend();
	return (
		<Dialog title={t("directory.make.groups")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						await hub.makeGroup({ names, keeper: me.value?.organisation ?? "", ...(description.trim() ? { description: description.trim() } : {}) }, key);
						onClose();
						setQuery({ tab: "groups", q: undefined });
						location.reload();
					});
				}}
			>
				{fields}
				<Area label={t("group.description")} name="description" rows={3} value={description} onValue={setDescription} maxLength={4000} />
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("directory.make.groups")} />
			</form>
		</Dialog>
	);
}

export function MakePerson({ onClose, organisation }: { onClose: () => void; organisation?: string }) {
	const { names, fields } = useNames();
	const [login, setLogin] = useState("");
	const [mail, setMail] = useState("");
	const [roles, setRoles] = useState<string[]>(["analyst"]);
	const [password, setPassword] = useState("");
	const [key] = useState(newKey);
	const sending = useSend();
	const at = (field: string) => (sending.error instanceof Refused ? sending.error.of(field) : undefined);
	return (
		<Dialog title={t("directory.make.people")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const made = await hub.makePerson(
							{
								login: login.trim(),
								names,
								...(mail.trim() ? { mail: mail.trim() } : {}),
								places: [{ organisation: organisation ?? me.value?.organisation ?? "", roles: ROLES.filter((one) => roles.includes(one)) }],
							},
							key,
						);
						if (password) await hub.setPassword(made.id, { new: password });
						onClose();
						go(`/directory/people/${made.id}`);
					});
				}}
			>
				<Input label={t("person.login")} hint={t("person.loginHint")} name="login" value={login} onValue={setLogin} required autocomplete="off" maxLength={128} wrong={at("login")} mono />
				{fields}
				<Input label={t("person.mail")} name="mail" type="email" value={mail} onValue={setMail} autocomplete="off" wrong={at("mail")} />
				<Checks legend={t("person.roles")} of={ROLES.map((value) => ({ value, label: word("role", value) }))} chosen={roles} onValue={setRoles} />
				<Input label={t("person.firstPassword")} hint={t("person.passwordHint")} name="new-password" type="password" value={password} onValue={setPassword} autocomplete="new-password" wrong={at("new")} />
				<Failure error={sending.error} fields={["login", "mail", "new"]} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("directory.make.people")} />
			</form>
		</Dialog>
	);
}
