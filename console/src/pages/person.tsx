// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { Fragment, type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { newKey } from "../api/client";
import * as hub from "../api/hub";
import type { Person } from "../api/schema";
import { t, word } from "../lang/text";
import { lookUp, nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { administers } from "../session";
import { Badge } from "../ui/badge";
import type { Kept } from "../ui/change";
import { Failure } from "../ui/failure";
import { ChangeSure, put, RowActions } from "../ui/form";
import { Load, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Ago, Time } from "../ui/time";
import { tell } from "../ui/toast";
import { Credentials } from "./account";
import { EditClearance, EditHandling, EditPerson, EditPlace, handlingName, mayOf, NewPassword, type Handling, type Place } from "./person_edit";

type Editing =
	| { what: "names" | "password" | "clearance" | "end" }
	| { what: "place"; row?: Place; gone?: boolean }
	| { what: "handling"; row?: Handling; gone?: boolean };

export function PersonPage({ id }: { id: string }) {
	const [editing, setEditing] = useState<Editing | null>(null);
	const loaded = useLoad(
		async (signal) => {
			const answer = await hub.person(id, signal);
			remember(id, answer.value);
			return answer;
		},
		[id],
	);
	const close = () => setEditing(null);
	return (
		<Load of={loaded}>
			{({ value: person, etag }) => {
				const may = mayOf(person);
				const ended = person.active === false;
				const kept: Kept<Person> = {
					value: person,
					etag,
					read: () => hub.person(id),
					write: (to, tag, key) => hub.putPerson(id, to, tag, key),
					done: () => {
						tell(t("saved"));
						close();
						loaded.again();
					},
				};
				return (
					<Page
						crumbs={
							<>
								<Link to="/directory">{t("section.directory")}</Link> › <Link to="/directory?tab=people">{t("directory.people")}</Link>
							</>
						}
						title={nameOf(person) ?? person.login}
						about={ended ? <Badge tone="hot">{t("person.inactive")}</Badge> : <Badge tone="good">{t("person.active")}</Badge>}
						actions={
							<>
								{may.whole && (
									<button type="button" class={`button ${ended ? "" : "danger"}`} onClick={() => setEditing({ what: "end" })}>
										{t(ended ? "person.restore" : "person.end")}
									</button>
								)}
								{may.whole && (
									<button type="button" class="button" onClick={() => setEditing({ what: "password" })}>
										{t("person.newPassword")}
									</button>
								)}
								{may.names && (
									<button type="button" class="button" onClick={() => setEditing({ what: "names" })}>
										{t("person.edit")}
									</button>
								)}
							</>
						}
					>
						{may.oneself && <p class="alert">{t("person.ownRights")}</p>}
						{may.elsewhere && <p class="alert">{t("person.elsewhere")}</p>}
						<div class="halves">
							<Who person={person} />
							<Part title={t("person.places")} add={(may.rights || (may.roles("") && !person.places?.length)) && (() => setEditing({ what: "place" }))}>
								<Places person={person} edit={setEditing} />
							</Part>
							<Part title={t("person.clearance")} add={may.rights && (() => setEditing({ what: "clearance" }))} label={t("action.edit")}>
								<p>
									{word("clearanceLevel", person.clearance?.level ?? "none")}
									{person.clearance?.until && (
										<>
											{" "}
											<span class="soft">
												{t("clearance.until")} <Time value={person.clearance.until} />
											</span>{" "}
											{new Date(person.clearance.until) < new Date() && <Badge tone="hot">{t("clearance.over")}</Badge>}
										</>
									)}
								</p>
							</Part>
							<Part title={t("field.handlings")} add={may.rights && (() => setEditing({ what: "handling" }))}>
								<Handlings person={person} edit={may.rights && setEditing} />
							</Part>
						</div>
						<section class="card stack">
							<h2>{t("account.credentials")}</h2>
							{administers.value && <Lockout id={id} may={may.whole} />}
							<Credentials person={id} />
						</section>
						{editing && <Editor editing={editing} kept={kept} onClose={close} />}
					</Page>
				);
			}}
		</Load>
	);
}

function Part({ title, add, label, children }: { title: string; add: false | (() => void); label?: string; children: ComponentChildren }) {
	return (
		<section class="card">
			<div class="card-head">
				<h2>{title}</h2>
				{add && (
					<button type="button" class="button quiet" onClick={add}>
						{label ?? t("action.add")}
						<span class="hidden"> {title}</span>
					</button>
				)}
			</div>
			{children}
		</section>
	);
}

function Editor({ editing, kept, onClose }: { editing: Editing; kept: Kept<Person>; onClose: () => void }) {
	const of = kept.value;
	const ended = of.active === false;
	const sure = (name: string, to: Partial<Person>) => (
		<ChangeSure title={t("action.takeAway")} text={t("person.takeAway", { name })} kept={kept} to={{ ...of, ...to }} label={t("action.takeAway")} danger onClose={onClose} />
	);
	switch (editing.what) {
		case "names":
			return <EditPerson kept={kept} onClose={onClose} />;
		case "password":
			return <NewPassword id={of.id ?? ""} onClose={onClose} />;
		case "clearance":
			return <EditClearance kept={kept} onClose={onClose} />;
		case "end":
			return (
				<ChangeSure
					title={t(ended ? "person.restore" : "person.end")}
					text={t(ended ? "person.restoreAbout" : "person.endAbout", { name: nameOf(of) ?? of.login })}
					kept={kept}
					to={{ ...of, active: ended ? undefined : false }}
					label={t(ended ? "person.restore" : "person.end")}
					danger={!ended}
					onClose={onClose}
				/>
			);
		case "place":
			if (editing.gone && editing.row) return sure(lookUp("organisations", editing.row.organisation) ?? editing.row.organisation, { places: put(of.places, editing.row, undefined) });
			return <EditPlace kept={kept} old={editing.row} onClose={onClose} />;
		case "handling":
			if (editing.gone && editing.row) return sure(handlingName(editing.row.authorization, undefined), { handlings: put(of.handlings, editing.row, undefined) });
			return <EditHandling kept={kept} old={editing.row} onClose={onClose} />;
	}
}

function Who({ person }: { person: Person }) {
	const rows: [string, ComponentChildren][] = [
		[t("person.mail"), person.mail],
		[t("window.telephone"), person.telephone],
	];
	return (
		<section class="card">
			<h2>{t("person.title")}</h2>
			<dl class="facts">
				<dt>{t("person.login")}</dt>
				<dd class="value">{person.login}</dd>
				{(person.names ?? []).map((one) => (
					<Fragment key={one.language}>
						<dt>{word("language", one.language)}</dt>
						<dd lang={one.language}>
							{one.name}
							{one.reading && ` (${one.reading})`}
						</dd>
					</Fragment>
				))}
				{rows.map(
					([label, value]) =>
						value && (
							<Fragment key={label}>
								<dt>{label}</dt>
								<dd>{value}</dd>
							</Fragment>
						),
				)}
			</dl>
		</section>
	);
}

function Places({ person, edit }: { person: Person; edit: (to: Editing) => void }) {
	const may = mayOf(person);
	return (
		<Table<Place>
			caption={t("person.places")}
			quiet
			rows={person.places ?? []}
			id={(row) => row.organisation}
			empty={<p>{t("none")}</p>}
			columns={[
				{ key: "organisation", label: t("set.organisation"), head: true, show: (row) => <OrganisationName id={row.organisation} /> },
				{ key: "roles", label: t("person.roles"), show: (row) => <span class="row">{(row.roles ?? []).map((one) => <Badge key={one}>{word("role", one)}</Badge>)}</span> },
				{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
				...((person.places ?? []).some((one) => may.roles(one.organisation))
					? [
							{
								key: "change",
								label: t("action.change"),
								class: "tight",
								show: (row: Place) =>
									may.roles(row.organisation) && (
										<RowActions
											name={lookUp("organisations", row.organisation) ?? ""}
											onEdit={() => edit({ what: "place", row })}
											onRemove={may.rights ? () => edit({ what: "place", row, gone: true }) : undefined}
										/>
									),
							},
						]
					: []),
			]}
		/>
	);
}

function Handlings({ person, edit }: { person: Person; edit: false | ((to: Editing) => void) }) {
	const known = useLoad(async (signal) => (person.handlings?.length ? (await hub.authorisations(undefined, undefined, signal)).authorisations : []), [person.id]);
	const name = (row: Handling) => handlingName(row.authorization, known.value);
	return (
		<Table<Handling>
			caption={t("field.handlings")}
			quiet
			rows={person.handlings ?? []}
			id={(row) => row.authorization}
			empty={<p>{t("none")}</p>}
			columns={[
				{ key: "authorisation", label: t("handling.authorisation"), head: true, show: (row) => <Link to={`/authorisations/${row.authorization}`}>{name(row)}</Link> },
				{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
				...(edit
					? [
							{
								key: "change",
								label: t("action.change"),
								class: "tight",
								show: (row: Handling) => <RowActions name={name(row)} onEdit={() => edit({ what: "handling", row })} onRemove={() => edit({ what: "handling", row, gone: true })} />,
							},
						]
					: []),
			]}
		/>
	);
}

/** Failed sign-ins, and how long the next one waits. */
function Lockout({ id, may }: { id: string; may: boolean }) {
	const loaded = useLoad((signal) => hub.lockout(id, signal), [id]);
	const sending = useSend();
	return (
		<Load of={loaded}>
			{(standing) => (
				<div class={`alert ${standing.wait ? "hot" : standing.failures ? "warn" : ""}`}>
					<p>
						{standing.failures ? t("lockout.failures", { n: standing.failures }) : t("lockout.none")} <Ago value={standing.last} />
					</p>
					{standing.wait > 0 && <p>{t("lockout.waits", { n: standing.wait })}</p>}
					<Failure error={sending.error} />
					{standing.failures > 0 && may && (
						<p>
							<button
								type="button"
								class="button"
								disabled={sending.busy}
								onClick={() =>
									void sending.send(async () => {
										await hub.liftLockout(id, newKey());
										tell(t("lockout.lifted"));
										loaded.again();
									})
								}
							>
								{t("lockout.lift")}
							</button>
						</p>
					)}
				</div>
			)}
		</Load>
	);
}
