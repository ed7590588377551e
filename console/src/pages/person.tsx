// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import { newKey } from "../api/client";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Person } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { administers, me } from "../session";
import { Badge } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Checks, Input } from "../ui/field";
import { Load, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { Credentials } from "./account";
import { FormEnd, ROLES } from "./directory";

export function PersonPage({ id }: { id: string }) {
	const [editing, setEditing] = useState<"roles" | "password" | null>(null);
	const loaded = useLoad(
		async (signal) => {
			const answer = await hub.person(id, signal);
			remember(id, answer.value);
			return answer;
		},
		[id],
	);
	return (
		<Load of={loaded}>
			{({ value: person, etag }) => {
				const may = administers.value && me.value?.account !== id;
				const change = async (to: Person) => {
					await hub.putPerson(id, to, etag, newKey());
					tell(t("saved"));
					setEditing(null);
					loaded.again();
				};
				return (
					<Page
						crumbs={
							<>
								<Link to="/directory">{t("section.directory")}</Link> › <Link to="/directory?tab=people">{t("directory.people")}</Link>
							</>
						}
						title={nameOf(person) ?? person.login}
						about={person.active === false ? <Badge tone="hot">{t("person.inactive")}</Badge> : <Badge tone="good">{t("person.active")}</Badge>}
						actions={
							may && (
								<>
									<button type="button" class="button" onClick={() => setEditing("roles")}>
										{t("person.editRoles")}
									</button>
									<button type="button" class="button" onClick={() => setEditing("password")}>
										{t("person.newPassword")}
									</button>
								</>
							)
						}
					>
						<div class="halves">
							<section class="card">
								<h2>{t("person.title")}</h2>
								<dl class="facts">
									<dt>{t("person.login")}</dt>
									<dd class="value">{person.login}</dd>
									{(person.names ?? []).map((one) => (
										<>
											<dt>{one.language}</dt>
											<dd lang={one.language}>
												{one.name}
												{one.reading && ` (${one.reading})`}
											</dd>
										</>
									))}
									{person.mail && (
										<>
											<dt>{t("person.mail")}</dt>
											<dd>{person.mail}</dd>
										</>
									)}
									{person.telephone && (
										<>
											<dt>{t("window.telephone")}</dt>
											<dd>{person.telephone}</dd>
										</>
									)}
									{person.clearance && (
										<>
											<dt>{t("person.clearance")}</dt>
											<dd>
												{word("clearanceLevel", person.clearance.level)} <Time value={person.clearance.until} />
											</dd>
										</>
									)}
								</dl>
							</section>
							<section class="card">
								<h2>{t("person.places")}</h2>
								<Table
									caption={t("person.places")}
									quiet
									rows={person.places ?? []}
									id={(row) => row.organisation}
									empty={<p>{t("none")}</p>}
									columns={[
										{ key: "organisation", label: t("set.organisation"), head: true, show: (row) => <OrganisationName id={row.organisation} /> },
										{ key: "roles", label: t("person.roles"), show: (row) => <span class="row">{(row.roles ?? []).map((one) => <Badge key={one}>{word("role", one)}</Badge>)}</span> },
										{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
									]}
								/>
							</section>
						</div>
						<section class="card">
							<h2>{t("account.credentials")}</h2>
							<Credentials person={id} />
						</section>
						{editing === "roles" && <EditRoles person={person} onChange={change} onClose={() => setEditing(null)} />}
						{editing === "password" && <NewPassword id={id} onClose={() => setEditing(null)} />}
					</Page>
				);
			}}
		</Load>
	);
}

function EditRoles({ person, onChange, onClose }: { person: Person; onChange: (to: Person) => Promise<void>; onClose: () => void }) {
	const own = me.value?.kind === "centre" ? (person.places?.[0]?.organisation ?? "") : (me.value?.organisation ?? "");
	const placed = (person.places ?? []).find((one) => one.organisation === own);
	const [roles, setRoles] = useState<string[]>([...(placed?.roles ?? [])]);
	const sending = useSend();
	return (
		<Dialog title={t("person.editRoles")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					const chosen = ROLES.filter((one) => roles.includes(one));
					void sending.send(() => onChange({ ...person, places: (person.places ?? []).map((one) => (one.organisation === own ? { ...one, roles: chosen } : one)) }));
				}}
			>
				<p>
					<OrganisationName id={own} link={false} />
				</p>
				<Checks legend={t("person.roles")} of={ROLES.map((value) => ({ value, label: word("role", value) }))} chosen={roles} onValue={setRoles} />
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.save")} />
			</form>
		</Dialog>
	);
}

function NewPassword({ id, onClose }: { id: string; onClose: () => void }) {
	const [password, setPassword] = useState("");
	const sending = useSend();
	return (
		<Dialog title={t("person.newPassword")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						await hub.setPassword(id, { new: password });
						tell(t("saved"));
						onClose();
					});
				}}
			>
				<Input
					label={t("person.newPassword")}
					hint={t("person.passwordHint")}
					name="new-password"
					type="password"
					value={password}
					onValue={setPassword}
					required
					autocomplete="new-password"
					wrong={sending.error instanceof Refused ? sending.error.of("new") : undefined}
				/>
				<Failure error={sending.error} fields={["new"]} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.save")} />
			</form>
		</Dialog>
	);
}
