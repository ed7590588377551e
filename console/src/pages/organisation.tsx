// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Organisation } from "../api/schema";
import { t, word } from "../lang/text";
import { lookUp, nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { Badge, Tlp } from "../ui/badge";
import type { Kept } from "../ui/change";
import { ChangeSure, put, RowActions } from "../ui/form";
import { Load, useLive, useLoad } from "../ui/load";
import { GroupName, OrganisationName } from "../ui/names";
import { Table, type Column } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { PeopleTable } from "./directory";
import { MakePerson } from "./directory_make";
import { Machines } from "./machines";
import { EditAbout, EditAgreement, EditHolding, EditMembership, EditWindow, mayOf, type Agreement, type Holding, type Membership, type Window } from "./organisation_edit";

/** What is being changed: a part of the organisation, a row of one of its lists, or a row that is taken away. */
type Editing =
	| { what: "about" | "end" | "person" }
	| { what: "window"; row?: Window; gone?: boolean }
	| { what: "holding"; row?: Holding; gone?: boolean }
	| { what: "membership"; row?: Membership; gone?: boolean; consent?: boolean }
	| { what: "agreement"; row?: Agreement; gone?: boolean };

export function OrganisationPage({ id }: { id: string }) {
	const [editing, setEditing] = useState<Editing | null>(null);
	const loaded = useLoad(
		async (signal) => {
			const [answer, people] = await Promise.all([hub.organisation(id, signal), hub.people(id, undefined, signal).catch(() => ({ people: [] }))]);
			remember(id, answer.value);
			return { organisation: answer.value, etag: answer.etag, people: people.people };
		},
		[id],
	);
	useLive(loaded.again, ["directory"], 1000);
	const close = () => setEditing(null);
	return (
		<Load of={loaded}>
			{({ organisation, etag, people }) => {
				const may = mayOf(id);
				const kept: Kept<Organisation> = {
					value: organisation,
					etag,
					read: () => hub.organisation(id),
					write: (to, tag, key) => hub.putOrganisation(id, to, tag, key),
					done: () => {
						tell(t("saved"));
						close();
						loaded.again();
					},
				};
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
										{one.reading && <span class="soft"> ({one.reading})</span>}
									</span>
								))}
							</span>
						}
						actions={
							may.some && (
								<>
									{may.rights && (
										<button type="button" class={`button ${organisation.ended ? "" : "danger"}`} onClick={() => setEditing({ what: "end" })}>
											{t(organisation.ended ? "organisation.restore" : "organisation.end")}
										</button>
									)}
									<button type="button" class="button" onClick={() => setEditing({ what: "about" })}>
										{t("organisation.edit")}
									</button>
									<button type="button" class="button" onClick={() => setEditing({ what: "person" })}>
										{t("directory.make.people")}
									</button>
								</>
							)
						}
					>
						<div class="halves">
							<Part title={t("organisation.windows")} add={may.some && (() => setEditing({ what: "window" }))}>
								<Windows of={organisation} edit={may.some && setEditing} />
							</Part>
							<About id={id} of={organisation} />
						</div>
						<Part title={t("organisation.holdings")} add={may.some && (() => setEditing({ what: "holding" }))}>
							<Holdings of={organisation} edit={may.some && setEditing} />
						</Part>
						<div class="halves">
							<Part title={t("organisation.memberships")} add={may.rights && (() => setEditing({ what: "membership" }))}>
								<Memberships of={organisation} edit={may.rights && setEditing} consent={may.consent && setEditing} />
							</Part>
							<Part title={t("organisation.agreements")} add={may.rights && (() => setEditing({ what: "agreement" }))}>
								<Agreements of={organisation} edit={may.rights && setEditing} />
							</Part>
						</div>
						{may.some && !may.rights && <p class="note">{t(may.centre ? "organisation.ownRights" : "organisation.centreRights")}</p>}
						<section class="card">
							<h2>{t("directory.people")}</h2>
							<PeopleTable rows={people} />
						</section>
						{may.some && <Machines organisation={id} />}
						{editing && <Editor editing={editing} kept={kept} onClose={close} />}
					</Page>
				);
			}}
		</Load>
	);
}

function Part({ title, add, children }: { title: string; add: false | (() => void); children: ComponentChildren }) {
	return (
		<section class="card">
			<div class="card-head">
				<h2>{title}</h2>
				{add && (
					<button type="button" class="button quiet" onClick={add}>
						{t("action.add")}
						<span class="hidden"> {title}</span>
					</button>
				)}
			</div>
			{children}
		</section>
	);
}

function Editor({ editing, kept, onClose }: { editing: Editing; kept: Kept<Organisation>; onClose: () => void }) {
	const of = kept.value;
	const sure = (name: string, to: Partial<Organisation>) => (
		<ChangeSure title={t("action.takeAway")} text={t("organisation.takeAway", { name })} kept={kept} to={{ ...of, ...to }} label={t("action.takeAway")} danger onClose={onClose} />
	);
	switch (editing.what) {
		case "about":
			return <EditAbout kept={kept} onClose={onClose} />;
		case "person":
			return <MakePerson organisation={of.id} onClose={onClose} />;
		case "end":
			return (
				<ChangeSure
					title={t(of.ended ? "organisation.restore" : "organisation.end")}
					text={t(of.ended ? "organisation.restoreAbout" : "organisation.endAbout", { name: nameOf(of) ?? "" })}
					kept={kept}
					to={{ ...of, ended: of.ended ? undefined : true }}
					label={t(of.ended ? "organisation.restore" : "organisation.end")}
					danger={!of.ended}
					onClose={onClose}
				/>
			);
		case "window":
			if (editing.gone && editing.row) return sure(editing.row.title, { contact_windows: put(of.contact_windows, editing.row, undefined) });
			return <EditWindow kept={kept} old={editing.row} onClose={onClose} />;
		case "holding":
			if (editing.gone && editing.row) return sure(editing.row.value, { holdings: put(of.holdings, editing.row, undefined) });
			return <EditHolding kept={kept} old={editing.row} onClose={onClose} />;
		case "agreement":
			if (editing.gone && editing.row) return sure(lookUp("organisations", editing.row.partner) ?? editing.row.partner, { agreements: put(of.agreements, editing.row, undefined) });
			return <EditAgreement kept={kept} old={editing.row} onClose={onClose} />;
		case "membership":
			if (editing.gone && editing.row) return sure(lookUp("groups", editing.row.group) ?? editing.row.group, { memberships: put(of.memberships, editing.row, undefined) });
			if (editing.consent && editing.row)
				return (
					<ChangeSure
						title={t("membership.consent")}
						text={t(editing.row.secrecy_duty ? "membership.consentSecret" : "membership.consentAbout", { name: lookUp("groups", editing.row.group) ?? editing.row.group })}
						kept={kept}
						to={{ ...of, memberships: put(of.memberships, editing.row, { ...editing.row, consent: new Date().toISOString() }) }}
						label={t("membership.consent")}
						onClose={onClose}
					/>
				);
			return <EditMembership kept={kept} old={editing.row} onClose={onClose} />;
	}
}

function About({ id, of }: { id: string; of: Organisation }) {
	const list = (group: string, words: readonly string[] | undefined) => (words ?? []).map((one) => word(group, one)).join(t("list.comma")) || t("none");
	return (
		<section class="card">
			<h2>{t("organisation.about")}</h2>
			<dl class="facts">
				<dt>{t("directory.sectors")}</dt>
				<dd>{list("sector", of.sectors?.critical)}</dd>
				<dt>{t("organisation.core")}</dt>
				<dd>{list("core", of.sectors?.core)}</dd>
				<dt>{t("organisation.parents")}</dt>
				<dd class="row">{(of.parents ?? []).length ? (of.parents ?? []).map((one) => <OrganisationName key={one} id={one} />) : t("none")}</dd>
				<dt>ID</dt>
				<dd class="value">{id}</dd>
			</dl>
		</section>
	);
}

type Edit = false | ((to: Editing) => void);
interface ListProps {
	of: Organisation;
	edit: Edit;
}
const actions = <T,>(edit: Edit, name: (row: T) => string, open: (row: T, gone: boolean) => Editing): Column<T>[] =>
	edit ? [{ key: "change", label: t("action.change"), class: "tight", show: (row) => <RowActions name={name(row)} onEdit={() => edit(open(row, false))} onRemove={() => edit(open(row, true))} /> }] : [];

function Windows({ of, edit }: ListProps) {
	return (
		<Table<Window>
			caption={t("organisation.windows")}
			quiet
			rows={of.contact_windows ?? []}
			id={(row) => JSON.stringify(row)}
			empty={<p>{t("organisation.noWindows")}</p>}
			columns={[
				{ key: "title", label: t("window.title"), head: true, show: (row) => row.title },
				{ key: "telephone", label: t("window.telephone"), show: (row) => row.telephone },
				{ key: "mail", label: t("person.mail"), show: (row) => row.mail },
				{ key: "hours", label: t("window.hours"), show: (row) => row.hours },
				{ key: "openpgp", label: t("window.openpgp"), show: (row) => row.openpgp && <span class="value small">{row.openpgp}</span> },
				{ key: "note", label: t("organisation.note"), show: (row) => row.note },
				...actions<Window>(edit, (row) => row.title, (row, gone) => ({ what: "window", row, gone })),
			]}
		/>
	);
}

function Holdings({ of, edit }: ListProps) {
	return (
		<Table<Holding>
			caption={t("organisation.holdingsAbout")}
			rows={of.holdings ?? []}
			id={(row) => JSON.stringify(row)}
			empty={<p>{t("organisation.noHoldings")}</p>}
			columns={[
				{
					key: "value",
					label: t("object.value"),
					head: true,
					show: (row) => (
						<Link to={`/threats?${new URLSearchParams({ q: row.kind === "domain" ? `*.${row.value}` : row.value })}`} class="value">
							{row.value}
						</Link>
					),
				},
				{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => word("holding", row.kind) },
				{ key: "state", label: t("approval.state"), class: "tight", show: (row) => <Badge tone={row.state === "claimed" ? "warn" : "good"}>{word("holdingState", row.state)}</Badge> },
				{ key: "stated", label: t("holding.stated"), class: "tight", show: (row) => <Time value={row.stated} /> },
				{ key: "from", label: t("organisation.from"), class: "tight", show: (row) => <Time value={row.from} /> },
				{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
				{ key: "note", label: t("organisation.note"), show: (row) => row.note },
				...actions<Holding>(edit, (row) => row.value, (row, gone) => ({ what: "holding", row, gone })),
			]}
		/>
	);
}

function Memberships({ of, edit, consent }: ListProps & { consent: Edit }) {
	return (
		<Table<Membership>
			caption={t("organisation.memberships")}
			quiet
			rows={of.memberships ?? []}
			id={(row) => JSON.stringify(row)}
			empty={<p>{t("none")}</p>}
			columns={[
				{ key: "group", label: t("membership.group"), head: true, show: (row) => <GroupName id={row.group} /> },
				{
					key: "consent",
					label: t("organisation.consent"),
					show: (row) =>
						row.consent ? (
							<Time value={row.consent} />
						) : consent ? (
							<button type="button" class="button" onClick={() => consent({ what: "membership", row, consent: true })}>
								{t("membership.consent")}
							</button>
						) : (
							<Badge tone="warn">{t("organisation.noConsent")}</Badge>
						),
				},
				{ key: "secrecy", label: t("membership.secrecy"), show: (row) => (row.secrecy_duty ? t("yes") : t("no")) },
				{ key: "contents", label: t("membership.contents"), show: (row) => (row.contents ?? []).map((one) => word("content", one)).join(t("list.comma")) },
				{ key: "from", label: t("organisation.from"), show: (row) => <Time value={row.from} /> },
				{ key: "until", label: t("approval.until"), show: (row) => <Time value={row.until} /> },
				{ key: "note", label: t("organisation.note"), show: (row) => row.note },
				...actions<Membership>(edit, (row) => lookUp("groups", row.group) ?? row.group, (row, gone) => ({ what: "membership", row, gone })),
			]}
		/>
	);
}

function Agreements({ of, edit }: ListProps) {
	return (
		<Table<Agreement>
			caption={t("organisation.agreements")}
			quiet
			rows={of.agreements ?? []}
			id={(row) => JSON.stringify(row)}
			empty={<p>{t("none")}</p>}
			columns={[
				{ key: "partner", label: t("organisation.partner"), head: true, show: (row) => <OrganisationName id={row.partner} /> },
				{ key: "tlp", label: t("organisation.tlpMax"), show: (row) => <Tlp level={row.tlp_max} /> },
				{ key: "onward", label: t("organisation.onward"), show: (row) => (row.onward ? t("yes") : t("no")) },
				{ key: "purposes", label: t("agreement.purposes"), show: (row) => (row.purposes ?? []).map((one) => word("purpose", one)).join(t("list.comma")) },
				{ key: "contents", label: t("membership.contents"), show: (row) => (row.contents ?? []).map((one) => word("content", one)).join(t("list.comma")) },
				{ key: "from", label: t("organisation.from"), show: (row) => <Time value={row.from} /> },
				{ key: "until", label: t("approval.until"), show: (row) => <Time value={row.until} /> },
				{ key: "note", label: t("organisation.note"), show: (row) => row.note },
				...actions<Agreement>(edit, (row) => lookUp("organisations", row.partner) ?? row.partner, (row, gone) => ({ what: "agreement", row, gone })),
			]}
		/>
	);
}
