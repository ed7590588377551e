// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Organisation, Person } from "../api/schema";
import { t } from "../lang/text";
import { go } from "../shell/router";
import { me } from "../session";
import { useKeys } from "../ui/change";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area, Checks, Input, Select } from "../ui/field";
import { FormEnd, said, wrongOf } from "../ui/form";
import { useLoad, useSend, type Sending } from "../ui/load";
import { OrganisationPick } from "../ui/pick";
import { useNames } from "./names_form";
import { KINDS, words } from "./organisation_edit";
import { ROLES, rolesOf } from "./person_edit";

interface MakeProps {
	title: string;
	sending: Sending;
	/** Makes it. @return where it stands */
	make: () => Promise<string>;
	fields: readonly string[];
	onClose: () => void;
	children: ComponentChildren;
}

/** A form that makes something and leads to it. */
function Make({ title, sending, make, fields, onClose, children }: MakeProps) {
	return (
		<Dialog title={title} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const place = await make();
						onClose();
						go(place);
					});
				}}
			>
				{children}
				<Failure error={sending.error} fields={fields} />
				<FormEnd onClose={onClose} busy={sending.busy} label={title} />
			</form>
		</Dialog>
	);
}

export function MakeOrganisation({ onClose }: { onClose: () => void }) {
	const sending = useSend();
	const wrong = wrongOf(sending.error);
	const { names, fields } = useNames([], wrong);
	const [kind, setKind] = useState<Organisation["kind"]>("operator");
	const keyOf = useKeys();
	const body: Organisation = { kind, names };
	return (
		<Make title={t("directory.make.organisations")} sending={sending} make={async () => `/directory/organisations/${(await hub.makeOrganisation(body, keyOf(body))).id}`} fields={["names/*/name", "names/*/reading", "kind"]} onClose={onClose}>
			{fields}
			<Select label={t("directory.kind")} name="kind" value={kind} onValue={(value) => setKind(value as Organisation["kind"])} options={words("kind", KINDS.filter((one) => one !== "centre"))} wrong={wrong("kind")} />
		</Make>
	);
}

export function MakeGroup({ onClose }: { onClose: () => void }) {
	const sending = useSend();
	const wrong = wrongOf(sending.error);
	const { names, fields } = useNames([], wrong);
	const [description, setDescription] = useState("");
	const [keeper, setKeeper] = useState<string>(me.value?.organisation ?? "");
	const keyOf = useKeys();
	const body = said({ names, keeper, description: description.trim() });
	return (
		<Make title={t("directory.make.groups")} sending={sending} make={async () => `/directory/groups/${(await hub.makeGroup({ ...body, names }, keyOf(body))).id}`} fields={["names/*/name", "names/*/reading", "description", "keeper"]} onClose={onClose}>
			{fields}
			<Area label={t("group.description")} name="description" rows={3} value={description} onValue={setDescription} maxLength={1300} wrong={wrong("description")} />
			<OrganisationPick label={t("group.keeper")} name="keeper" value={keeper} onValue={setKeeper} required wrong={wrong("keeper")} />
		</Make>
	);
}

export function MakePerson({ onClose, organisation }: { onClose: () => void; organisation?: string }) {
	const sending = useSend();
	const wrong = wrongOf(sending.error);
	const { names, fields } = useNames([], wrong);
	const [login, setLogin] = useState("");
	const [mail, setMail] = useState("");
	const [telephone, setTelephone] = useState("");
	const [place, setPlace] = useState<string>(organisation ?? me.value?.organisation ?? "");
	const [roles, setRoles] = useState<string[]>(["analyst"]);
	const [password, setPassword] = useState("");
	const [made, setMade] = useState<string | null>(null);
	const keyOf = useKeys();
	const of = useLoad(async (signal) => (place ? (await hub.organisation(place, signal)).value : undefined), [place]);
	const offered = rolesOf(of.value?.kind);
	const body: Person = { login: login.trim(), ...said({ names, mail: mail.trim(), telephone: telephone.trim() }), places: [{ organisation: place, roles: ROLES.filter((one) => offered.includes(one) && roles.includes(one)) }] };
	const make = async () => {
		// What was made stays made when its password is refused.
		const id = made ?? (await hub.makePerson(body, keyOf(body))).id;
		setMade(id);
		if (password) await hub.setPassword(id, { new: password });
		return `/directory/people/${id}`;
	};
	return (
		<Make title={t("directory.make.people")} sending={sending} make={make} fields={["login", "names/*/name", "names/*/reading", "mail", "telephone", "places/*/organisation", "places/*/roles", "new"]} onClose={onClose}>
			{made && <p class="alert warn">{t("person.madeAlready")}</p>}
			{!made && (
				<>
					<Input label={t("person.login")} hint={t("person.loginHint")} name="login" value={login} onValue={setLogin} required autocomplete="off" maxLength={128} wrong={wrong("login")} mono />
					{fields}
					<div class="form-row">
						<Input label={t("person.mail")} name="mail" type="email" value={mail} onValue={setMail} autocomplete="off" maxLength={320} wrong={wrong("mail")} />
						<Input label={t("window.telephone")} name="telephone" type="tel" value={telephone} onValue={setTelephone} autocomplete="off" maxLength={64} wrong={wrong("telephone")} />
					</div>
					{!organisation && me.value?.kind === "centre" && <OrganisationPick label={t("set.organisation")} name="organisation" value={place} onValue={setPlace} required wrong={wrong("places/*/organisation")} />}
					<Checks legend={t("person.roles")} of={words("role", offered)} chosen={roles} onValue={setRoles} wrong={wrong("places/*/roles")} />
				</>
			)}
			<Input label={t("person.firstPassword")} hint={t("person.passwordHint")} name="new-password" type="password" value={password} onValue={setPassword} autocomplete="new-password" wrong={wrong("new")} />
		</Make>
	);
}
