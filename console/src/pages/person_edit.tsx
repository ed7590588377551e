// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Authorisation, Organisation, Person } from "../api/schema";
import { t, word } from "../lang/text";
import { text } from "../model/stix";
import { administers, me } from "../session";
import { useChange, type Kept } from "../ui/change";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Checks, Input, Moment, Select } from "../ui/field";
import { ChangeForm, FormEnd, put, said, wrongOf } from "../ui/form";
import { useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { OrganisationPick } from "../ui/pick";
import { tell } from "../ui/toast";
import { useNames } from "./names_form";
import { words } from "./organisation_edit";

export type Place = NonNullable<Person["places"]>[number];
export type Handling = NonNullable<Person["handlings"]>[number];
type Role = NonNullable<Place["roles"]>[number];

export const ROLES: readonly Role[] = ["analyst", "approver", "reporter", "point-of-contact", "auditor", "administrator", "commissioner", "commission-staff", "edge-operator"];
const LEVELS = ["none", "restricted", "secret", "top-secret"] as const;

/** Roles that an organisation of this kind gives: commissioners are of the commission, and of nobody else. */
export const rolesOf = (kind: Organisation["kind"] | undefined) => ROLES.filter((one) => kind === "commission" || (one !== "commissioner" && one !== "commission-staff"));

/** What of a person somebody may change, as the hub decides it. */
export function mayOf(person: Person) {
	const admin = administers.value;
	const centre = admin && me.value?.kind === "centre";
	const oneself = me.value?.account === person.id;
	const places = person.places ?? [];
	const ours = admin && places.some((one) => one.organisation === me.value?.organisation);
	return {
		oneself,
		/** Names and how to reach the person. */
		names: oneself || centre || (ours && places.length === 1),
		/** Login, the end, what one signs in with. */
		whole: !oneself && (centre || (ours && places.length === 1)),
		/** Roles in this organisation. */
		roles: (organisation: string) => !oneself && (centre || (ours && organisation === me.value?.organisation)),
		/** Clearance, handlings, places elsewhere. */
		rights: !oneself && centre,
		/** Somebody who administers, but not this. */
		elsewhere: !oneself && ours && !centre && places.length > 1,
	};
}

interface EditProps {
	kept: Kept<Person>;
	onClose: () => void;
}

export function EditPerson({ kept, onClose }: EditProps) {
	const of = kept.value;
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const { names, fields } = useNames(of.names, wrong);
	const [login, setLogin] = useState(of.login);
	const [mail, setMail] = useState(of.mail ?? "");
	const [telephone, setTelephone] = useState(of.telephone ?? "");
	return (
		<ChangeForm title={t("person.edit")} of={change} mine={() => ({ ...of, ...(names.length || of.names ? { names } : {}), login: login.trim(), mail: mail.trim() || undefined, telephone: telephone.trim() || undefined })} fields={["login", "names/*/name", "names/*/reading", "mail", "telephone"]} onClose={onClose}>
			{fields}
			{mayOf(of).whole && <Input label={t("person.login")} hint={t("person.loginHint")} name="login" value={login} onValue={setLogin} required autocomplete="off" maxLength={128} mono wrong={wrong("login")} />}
			<div class="form-row">
				<Input label={t("person.mail")} name="mail" type="email" value={mail} onValue={setMail} autocomplete="off" maxLength={320} wrong={wrong("mail")} />
				<Input label={t("window.telephone")} name="telephone" type="tel" value={telephone} onValue={setTelephone} autocomplete="off" maxLength={64} wrong={wrong("telephone")} />
			</div>
		</ChangeForm>
	);
}

export function EditPlace({ kept, old, onClose }: EditProps & { old?: Place }) {
	const centre = me.value?.kind === "centre";
	const [place, setPlace] = useState<Place>(old ?? { organisation: centre ? "" : (me.value?.organisation ?? ""), roles: [] });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const organisation = useLoad(async (signal) => (place.organisation ? (await hub.organisation(place.organisation, signal)).value : undefined), [place.organisation]);
	return (
		<ChangeForm
			title={t(old ? "person.editRoles" : "place.add")}
			of={change}
			mine={() => ({ ...kept.value, places: put(kept.value.places, old, said(place)) })}
			fields={["places/*/organisation", "places/*/roles", "places/*/until"]}
			onClose={onClose}
		>
			{old || !centre ? (
				<p>
					<OrganisationName id={place.organisation} link={false} />
				</p>
			) : (
				<OrganisationPick label={t("set.organisation")} name="organisation" value={place.organisation} but={(kept.value.places ?? []).map((one) => one.organisation)} onValue={(id) => setPlace({ ...place, organisation: id })} required wrong={wrong("places/*/organisation")} />
			)}
			<Checks legend={t("person.roles")} of={words("role", rolesOf(organisation.value?.kind))} chosen={place.roles ?? []} onValue={(chosen) => setPlace({ ...place, roles: ROLES.filter((one) => chosen.includes(one)) })} wrong={wrong("places/*/roles")} />
			<Moment label={t("approval.until")} hint={t("place.untilHint")} name="until" value={place.until} onValue={(until) => setPlace({ ...place, until })} wrong={wrong("places/*/until")} />
		</ChangeForm>
	);
}

export function EditClearance({ kept, onClose }: EditProps) {
	const [level, setLevel] = useState(kept.value.clearance?.level ?? "none");
	const [until, setUntil] = useState(kept.value.clearance?.until);
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	return (
		<ChangeForm
			title={t("clearance.edit")}
			of={change}
			mine={() => ({ ...kept.value, clearance: level === "none" ? undefined : said({ level, until }) })}
			fields={["clearance/level", "clearance/until"]}
			onClose={onClose}
		>
			<p class="note">{t("clearance.about")}</p>
			<Select label={t("person.clearance")} name="level" value={level} onValue={(value) => setLevel(value as typeof level)} options={words("clearanceLevel", LEVELS)} wrong={wrong("clearance/level")} />
			{level !== "none" && <Moment label={t("approval.until")} hint={t("clearance.untilHint")} name="until" value={until} onValue={setUntil} wrong={wrong("clearance/until")} />}
		</ChangeForm>
	);
}

export function EditHandling({ kept, old, onClose }: EditProps & { old?: Handling }) {
	const [one, setOne] = useState<Handling>(old ?? { authorization: "" });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const known = useLoad(async (signal): Promise<readonly Authorisation[]> => (await hub.authorisations(undefined, undefined, signal)).authorisations, []);
	const options = [
		{ value: "", label: t("pick.none") },
		...(known.value ?? []).map((each) => ({ value: each.id, label: text(each.payload.purpose) ?? each.id })),
		...(one.authorization && !(known.value ?? []).some((each) => each.id === one.authorization) ? [{ value: one.authorization, label: one.authorization }] : []),
	];
	return (
		<ChangeForm
			title={t(old ? "handling.edit" : "handling.add")}
			of={change}
			mine={() => ({ ...kept.value, handlings: put(kept.value.handlings, old, said(one)) })}
			fields={["handlings/*/authorization", "handlings/*/until"]}
			onClose={onClose}
		>
			<p class="note">{t("handling.about")}</p>
			<Select label={t("handling.authorisation")} name="authorization" value={one.authorization} onValue={(authorization) => setOne({ ...one, authorization })} required options={options} wrong={wrong("handlings/*/authorization")} />
			<Moment label={t("approval.until")} name="until" value={one.until} onValue={(until) => setOne({ ...one, until })} wrong={wrong("handlings/*/until")} />
		</ChangeForm>
	);
}

export function NewPassword({ id, onClose }: { id: string; onClose: () => void }) {
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
				<p class="note">{t("person.passwordAbout")}</p>
				<Input label={t("person.newPassword")} hint={t("person.passwordHint")} name="new-password" type="password" value={password} onValue={setPassword} required autocomplete="new-password" wrong={wrongOf(sending.error)("new")} />
				<Failure error={sending.error} fields={["new"]} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("action.save")} />
			</form>
		</Dialog>
	);
}

/** What is under way in words: a handling by its purpose where one may know it. */
export function handlingName(id: string, known: readonly Authorisation[] | undefined): string {
	return text(known?.find((one) => one.id === id)?.payload.purpose) ?? `${word("field", "handlings")} ${id.slice(0, 8)}`;
}
