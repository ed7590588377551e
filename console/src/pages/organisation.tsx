// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import { newKey } from "../api/client";
import * as hub from "../api/hub";
import type { Organisation } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { administers, me } from "../session";
import { Badge, Tlp } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Input, Select } from "../ui/field";
import { Load, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { FormEnd, MakePerson, PeopleTable, useNames } from "./directory";

type Window = NonNullable<Organisation["contact_windows"]>[number];
type Holding = NonNullable<Organisation["holdings"]>[number];
type Editing = "names" | "window" | "holding" | "person" | null;

export function OrganisationPage({ id }: { id: string }) {
	const [editing, setEditing] = useState<Editing>(null);
	const loaded = useLoad(
		async (signal) => {
			const [answer, people] = await Promise.all([hub.organisation(id, signal), hub.people(id, undefined, signal).catch(() => ({ people: [] }))]);
			remember(id, answer.value);
			return { organisation: answer.value, etag: answer.etag, people: people.people };
		},
		[id],
	);
	return (
		<Load of={loaded}>
			{({ organisation, etag, people }) => {
				const may = administers.value && (me.value?.kind === "centre" || me.value?.organisation === id);
				const change = async (to: Organisation) => {
					await hub.putOrganisation(id, to, etag, newKey());
					tell(t("saved"));
					setEditing(null);
					loaded.again();
				};
				const sectors = organisation.sectors;
				return (
					<Page
						crumbs={<Link to="/directory">{t("section.directory")}</Link>}
						title={nameOf(organisation) ?? id}
						about={
							<span class="row">
								<Badge tone="accent">{word("kind", organisation.kind)}</Badge>
								{organisation.ended && <Badge tone="hot">{t("directory.ended")}</Badge>}
								{(organisation.names ?? []).map((one) => (
									<span key={one.language} lang={one.language}>
										{one.name}
										{one.reading && ` (${one.reading})`}
									</span>
								))}
							</span>
						}
						actions={
							may && (
								<>
									<button type="button" class="button" onClick={() => setEditing("names")}>
										{t("organisation.editNames")}
									</button>
									<button type="button" class="button" onClick={() => setEditing("person")}>
										{t("directory.make.people")}
									</button>
								</>
							)
						}
					>
						<div class="halves">
							<section class="card">
								<div class="card-head">
									<h2>{t("organisation.windows")}</h2>
									{may && (
										<button type="button" class="button quiet" onClick={() => setEditing("window")}>
											{t("action.add")}
										</button>
									)}
								</div>
								<Windows of={organisation} />
							</section>
							<section class="card">
								<h2>{t("organisation.about")}</h2>
								<dl class="facts">
									<dt>{t("directory.sectors")}</dt>
									<dd>{(sectors?.critical ?? []).map((one) => word("sector", one)).join(t("list.comma")) || t("none")}</dd>
									{(sectors?.core ?? []).length > 0 && (
										<>
											<dt>{t("organisation.core")}</dt>
											<dd>{(sectors?.core ?? []).map((one) => word("sector", one)).join(t("list.comma"))}</dd>
										</>
									)}
									<dt>{t("organisation.parents")}</dt>
									<dd class="row">{(organisation.parents ?? []).length ? (organisation.parents ?? []).map((one) => <OrganisationName key={one} id={one} />) : t("none")}</dd>
									<dt>ID</dt>
									<dd class="value">{id}</dd>
								</dl>
							</section>
						</div>
						<section class="card">
							<div class="card-head">
								<h2>{t("organisation.holdings")}</h2>
								{may && (
									<button type="button" class="button quiet" onClick={() => setEditing("holding")}>
										{t("action.add")}
									</button>
								)}
							</div>
							<Table<Holding>
								caption={t("organisation.holdingsAbout")}
								rows={organisation.holdings ?? []}
								id={(row) => `${row.kind} ${row.value}`}
								empty={<p>{t("organisation.noHoldings")}</p>}
								columns={[
									{ key: "value", label: t("object.value"), head: true, show: (row) => <Link to={`/threats?${new URLSearchParams({ q: row.kind === "domain" ? `*.${row.value}` : row.value })}`} class="value">{row.value}</Link> },
									{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => word("holding", row.kind) },
									{ key: "state", label: t("approval.state"), class: "tight", show: (row) => <Badge tone={row.state === "claimed" ? "warn" : "good"}>{word("holdingState", row.state)}</Badge> },
									{ key: "from", label: t("organisation.from"), class: "tight", show: (row) => <Time value={row.from ?? row.stated} /> },
									{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
									{ key: "note", label: t("organisation.note"), show: (row) => row.note },
								]}
							/>
						</section>
						<section class="card">
							<h2>{t("directory.people")}</h2>
							<PeopleTable rows={people} />
						</section>
						<div class="halves">
							{(organisation.memberships ?? []).length > 0 && (
								<section class="card">
									<h2>{t("organisation.memberships")}</h2>
									<Table
										caption={t("organisation.memberships")}
										quiet
										rows={organisation.memberships ?? []}
										id={(row) => `${row.group} ${row.from ?? ""}`}
										columns={[
											{ key: "group", label: t("directory.groups"), head: true, show: (row) => <span class="value small">{row.group}</span> },
											{ key: "consent", label: t("organisation.consent"), show: (row) => (row.consent ? <Time value={row.consent} /> : <Badge tone="warn">{t("organisation.noConsent")}</Badge>) },
											{ key: "until", label: t("approval.until"), show: (row) => <Time value={row.until} /> },
										]}
									/>
								</section>
							)}
							{(organisation.agreements ?? []).length > 0 && (
								<section class="card">
									<h2>{t("organisation.agreements")}</h2>
									<Table
										caption={t("organisation.agreements")}
										quiet
										rows={organisation.agreements ?? []}
										id={(row) => row.partner}
										columns={[
											{ key: "partner", label: t("organisation.partner"), head: true, show: (row) => <OrganisationName id={row.partner} /> },
											{ key: "tlp", label: t("organisation.tlpMax"), show: (row) => <Tlp level={row.tlp_max} /> },
											{ key: "onward", label: t("organisation.onward"), show: (row) => (row.onward ? t("yes") : t("no")) },
										]}
									/>
								</section>
							)}
						</div>
						{editing === "names" && <EditNames organisation={organisation} onChange={change} onClose={() => setEditing(null)} />}
						{editing === "window" && <AddWindow organisation={organisation} onChange={change} onClose={() => setEditing(null)} />}
						{editing === "holding" && <AddHolding organisation={organisation} onChange={change} onClose={() => setEditing(null)} />}
						{editing === "person" && <MakePerson organisation={id} onClose={() => setEditing(null)} />}
					</Page>
				);
			}}
		</Load>
	);
}

function Windows({ of }: { of: Organisation }) {
	return (
		<Table<Window>
			caption={t("organisation.windows")}
			quiet
			rows={of.contact_windows ?? []}
			id={(row) => `${row.title} ${row.mail ?? ""} ${row.telephone ?? ""}`}
			empty={<p>{t("organisation.noWindows")}</p>}
			columns={[
				{ key: "title", label: t("window.title"), head: true, show: (row) => row.title },
				{ key: "telephone", label: t("window.telephone"), show: (row) => row.telephone },
				{ key: "mail", label: t("person.mail"), show: (row) => row.mail },
				{ key: "hours", label: t("window.hours"), show: (row) => row.hours },
				{ key: "note", label: t("organisation.note"), show: (row) => row.note },
			]}
		/>
	);
}

interface EditProps {
	organisation: Organisation;
	onChange: (to: Organisation) => Promise<void>;
	onClose: () => void;
}

function EditNames({ organisation, onChange, onClose }: EditProps) {
	const { names, fields } = useNames(organisation.names);
	const sending = useSend();
	return (
		<Dialog title={t("organisation.editNames")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(() => onChange({ ...organisation, names }));
				}}
			>
				{fields}
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.save")} />
			</form>
		</Dialog>
	);
}

function AddWindow({ organisation, onChange, onClose }: EditProps) {
	const [window, setWindow] = useState<Window>({ title: "" });
	const sending = useSend();
	const field = (name: keyof Window, label: string, required = false) => (
		<Input label={label} name={name} value={String(window[name] ?? "")} onValue={(value) => setWindow({ ...window, [name]: value })} required={required} maxLength={500} />
	);
	return (
		<Dialog title={t("window.add")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					const filled = Object.fromEntries(Object.entries(window).filter(([, value]) => typeof value === "string" && value.trim() !== "")) as Window;
					void sending.send(() => onChange({ ...organisation, contact_windows: [...(organisation.contact_windows ?? []), filled] }));
				}}
			>
				{field("title", t("window.title"), true)}
				<div class="form-row">
					{field("telephone", t("window.telephone"))}
					{field("mail", t("person.mail"))}
				</div>
				{field("hours", t("window.hours"))}
				{field("note", t("organisation.note"))}
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.add")} />
			</form>
		</Dialog>
	);
}

function AddHolding({ organisation, onChange, onClose }: EditProps) {
	const [kind, setKind] = useState<Holding["kind"]>("prefix");
	const [value, setValue] = useState("");
	const sending = useSend();
	return (
		<Dialog title={t("holding.add")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					const state: Holding["state"] = me.value?.kind === "centre" ? "entered" : "claimed";
					void sending.send(() => onChange({ ...organisation, holdings: [...(organisation.holdings ?? []), { kind, value: value.trim(), state }] }));
				}}
			>
				<Select label={t("directory.kind")} name="kind" value={kind} onValue={(next) => setKind(next as Holding["kind"])} options={(["prefix", "asn", "domain", "certificate"] as const).map((one) => ({ value: one, label: word("holding", one) }))} />
				<Input label={t("object.value")} name="value" value={value} onValue={setValue} required mono maxLength={255} />
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.add")} />
			</form>
		</Dialog>
	);
}
