// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import type { Organisation } from "../api/schema";
import { t, word } from "../lang/text";
import { administers, me } from "../session";
import { useChange, type Kept } from "../ui/change";
import { Area, Check, Checks, Input, Moment, Select } from "../ui/field";
import { ChangeForm, put, said, wrongOf } from "../ui/form";
import { OrganisationName } from "../ui/names";
import { GroupPick, OrganisationPick } from "../ui/pick";
import { useNames } from "./names_form";

export type Window = NonNullable<Organisation["contact_windows"]>[number];
export type Holding = NonNullable<Organisation["holdings"]>[number];
export type Membership = NonNullable<Organisation["memberships"]>[number];
export type Agreement = NonNullable<Organisation["agreements"]>[number];

export const KINDS = ["centre", "ministry", "police", "defence", "commission", "ceptoar", "operator", "local-government", "vendor", "foreign-cert", "public"] as const;
const CRITICAL = ["information-communication", "finance", "aviation", "airports", "railways", "electric-power", "gas", "government", "medical", "water", "logistics", "chemistry", "credit", "petroleum", "ports"] as const;
/** The designated businesses of the economic security law; the hub takes other words too. */
const CORE = ["electricity", "gas", "petroleum", "water", "railways", "trucking", "international-shipping", "port-transport", "aviation", "airports", "telecommunications", "broadcasting", "postal", "finance", "credit-cards"] as const;
const LEVELS = ["clear", "green", "amber", "amber+strict", "red"] as const;
const PURPOSES = ["defence", "analysis", "response", "investigation", "neutralisation", "statistics", "exercise"] as const;
const CONTENTS = ["technical", "background"] as const;
const HOLDINGS = ["prefix", "asn", "domain", "certificate"] as const;

export const words = <T extends string>(group: string, all: readonly T[]) => all.map((value) => ({ value, label: word(group, value) }));

/** What of an organisation somebody may change, as the hub decides it. */
export function mayOf(id: string) {
	const admin = administers.value;
	const centre = me.value?.kind === "centre";
	const own = me.value?.organisation === id;
	return {
		/** Names, contact windows, holdings. */
		some: admin && (centre || own),
		/** Sectors, the end. */
		centre: admin && centre,
		/** Kind, parents, memberships, agreements: nobody changes their own organisation's. */
		rights: admin && centre && !own,
		/** Consent to what the centre offered. */
		consent: admin && !centre && own,
	};
}

interface EditProps {
	kept: Kept<Organisation>;
	onClose: () => void;
}

export function EditAbout({ kept, onClose }: EditProps) {
	const of = kept.value;
	const may = mayOf(of.id ?? "");
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const { names, fields } = useNames(of.names, wrong);
	const [kind, setKind] = useState(of.kind);
	const [critical, setCritical] = useState<string[]>([...(of.sectors?.critical ?? [])]);
	const [core, setCore] = useState<string[]>((of.sectors?.core ?? []).filter((one) => CORE.some((known) => known === one)));
	const [others, setOthers] = useState((of.sectors?.core ?? []).filter((one) => !CORE.some((known) => known === one)).join("\n"));
	const [parents, setParents] = useState<string[]>([...(of.parents ?? [])]);
	const sectors = () => {
		const all = [...CORE.filter((one) => core.includes(one)), ...others.split(/\s+/).filter(Boolean)];
		const both = said({ critical: CRITICAL.filter((one) => critical.includes(one)), core: all });
		return Object.keys(both).length ? both : undefined;
	};
	// What one may not change stays as it stood, to the letter.
	const mine = (): Organisation => ({
		...of,
		names,
		...(may.centre ? { sectors: sectors() } : {}),
		...(may.rights ? { kind, parents: parents.length ? parents : undefined } : {}),
	});
	return (
		<ChangeForm title={t("organisation.edit")} of={change} mine={mine} fields={["names/*/name", "names/*/reading", "names", "kind", "sectors", "parents"]} onClose={onClose}>
			{fields}
			{wrong("names") && !wrong("names/*/name") && !wrong("names/*/reading") && <p class="alert hot">{wrong("names")}</p>}
			{may.rights && <Select label={t("directory.kind")} name="kind" value={kind} onValue={(value) => setKind(value as Organisation["kind"])} options={words("kind", KINDS.filter((one) => one !== "centre"))} wrong={wrong("kind")} />}
			{may.centre && (
				<>
					<Checks legend={t("directory.sectors")} of={words("sector", CRITICAL)} chosen={critical} onValue={setCritical} wrong={wrong("sectors/critical")} />
					<Checks legend={t("organisation.core")} hint={t("organisation.coreHint")} of={words("core", CORE)} chosen={core} onValue={setCore} />
					<Area label={t("organisation.coreOthers")} hint={t("form.lines")} name="core" rows={2} value={others} onValue={setOthers} wrong={wrong("sectors/core")} />
				</>
			)}
			{may.rights ? (
				<>
					<fieldset class="field">
						<legend>{t("organisation.parents")}</legend>
						<div class="row">
							{parents.map((one) => (
								<span key={one} class="row">
									<OrganisationName id={one} link={false} />
									<button type="button" class="button quiet" onClick={() => setParents(parents.filter((other) => other !== one))}>
										{t("action.takeAway")}
										<span class="hidden">
											{" "}
											<OrganisationName id={one} link={false} />
										</span>
									</button>
								</span>
							))}
						</div>
					</fieldset>
					<OrganisationPick label={t("organisation.parentAdd")} name="parent" value="" but={[of.id ?? "", ...parents]} onValue={(id) => id && setParents([...parents, id])} wrong={wrong("parents")} />
				</>
			) : (
				<p class="note">{t(may.centre ? "organisation.ownRights" : "organisation.centreRights")}</p>
			)}
		</ChangeForm>
	);
}

export function EditWindow({ kept, old, onClose }: EditProps & { old?: Window }) {
	const [window, setWindow] = useState<Window>(old ?? { title: "" });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const field = (name: keyof Window, label: string, more: { required?: boolean; hint?: string; type?: string } = {}) => (
		<Input {...more} label={label} name={name} value={window[name] ?? ""} onValue={(value) => setWindow({ ...window, [name]: value })} maxLength={500} wrong={wrong(`contact_windows/*/${name}`)} />
	);
	return (
		<ChangeForm
			title={t(old ? "window.edit" : "window.add")}
			of={change}
			mine={() => ({ ...kept.value, contact_windows: put(kept.value.contact_windows, old, said(window)) })}
			fields={["contact_windows/*/title", "contact_windows/*/mail", "contact_windows/*/telephone", "contact_windows/*/hours", "contact_windows/*/openpgp", "contact_windows/*/note"]}
			onClose={onClose}
		>
			{field("title", t("window.title"), { required: true })}
			<div class="form-row">
				{field("telephone", t("window.telephone"), { type: "tel" })}
				{field("mail", t("person.mail"), { type: "email" })}
			</div>
			{field("hours", t("window.hours"))}
			{field("openpgp", t("window.openpgp"), { hint: t("window.openpgpHint") })}
			{field("note", t("organisation.note"))}
		</ChangeForm>
	);
}

const claimed = (holding: Holding, was: Holding["state"] | undefined): Holding => (holding.state === was ? holding : { ...holding, stated: new Date().toISOString() });

export function EditHolding({ kept, old, onClose }: EditProps & { old?: Holding }) {
	const may = mayOf(kept.value.id ?? "");
	const [holding, setHolding] = useState<Holding>(old && (may.centre || old.state === "claimed") ? old : { ...(old ?? { kind: "prefix", value: "" }), state: may.centre ? "entered" : "claimed" });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const set = (part: Partial<Holding>) => setHolding({ ...holding, ...part });
	return (
		<ChangeForm
			title={t(old ? "holding.edit" : "holding.add")}
			of={change}
			mine={() => ({ ...kept.value, holdings: put(kept.value.holdings, old, said(claimed({ ...holding, value: holding.value.trim() }, old?.state))) })}
			fields={["holdings/*/kind", "holdings/*/value", "holdings/*/state", "holdings/*/from", "holdings/*/until", "holdings/*/note"]}
			onClose={onClose}
		>
			<Select label={t("directory.kind")} name="kind" value={holding.kind} onValue={(kind) => set({ kind: kind as Holding["kind"] })} options={words("holding", HOLDINGS)} wrong={wrong("holdings/*/kind")} />
			<Input label={t("object.value")} hint={t(`holding.${holding.kind}Hint`)} name="value" value={holding.value} onValue={(value) => set({ value })} required mono maxLength={255} wrong={wrong("holdings/*/value")} />
			{may.centre ? (
				<Select label={t("approval.state")} name="state" value={holding.state} onValue={(state) => set({ state: state as Holding["state"] })} options={words("holdingState", ["claimed", "proved", "entered"])} wrong={wrong("holdings/*/state")} />
			) : (
				<p class="note">{t("holding.claims")}</p>
			)}
			<div class="form-row">
				<Moment label={t("organisation.from")} name="from" value={holding.from} onValue={(from) => set({ from })} wrong={wrong("holdings/*/from")} />
				<Moment label={t("approval.until")} name="until" value={holding.until} onValue={(until) => set({ until })} wrong={wrong("holdings/*/until")} />
			</div>
			<Input label={t("organisation.note")} name="note" value={holding.note ?? ""} onValue={(note) => set({ note })} maxLength={500} wrong={wrong("holdings/*/note")} />
		</ChangeForm>
	);
}

export function EditMembership({ kept, old, onClose }: EditProps & { old?: Membership }) {
	const [one, setOne] = useState<Membership>(old ?? { group: "", from: new Date().toISOString() });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const set = (part: Partial<Membership>) => setOne({ ...one, ...part });
	return (
		<ChangeForm
			title={t(old ? "membership.edit" : "membership.add")}
			of={change}
			mine={() => ({ ...kept.value, memberships: put(kept.value.memberships, old, said(one)) })}
			fields={["memberships/*/group", "memberships/*/consent", "memberships/*/contents", "memberships/*/from", "memberships/*/until", "memberships/*/note"]}
			onClose={onClose}
		>
			<GroupPick label={t("membership.group")} name="group" value={one.group} onValue={(group) => set({ group })} required wrong={wrong("memberships/*/group")} />
			<Moment label={t("organisation.consent")} hint={t("membership.consentHint")} name="consent" value={one.consent} onValue={(consent) => set({ consent })} wrong={wrong("memberships/*/consent")} />
			<Check label={t("membership.secrecy")} name="secrecy" checked={one.secrecy_duty === true} onValue={(duty) => set({ secrecy_duty: duty || undefined })} />
			<Checks legend={t("membership.contents")} of={words("content", CONTENTS)} chosen={one.contents ?? []} onValue={(chosen) => set({ contents: CONTENTS.filter((content) => chosen.includes(content)) })} wrong={wrong("memberships/*/contents")} />
			<div class="form-row">
				<Moment label={t("organisation.from")} name="from" value={one.from} onValue={(from) => set({ from })} wrong={wrong("memberships/*/from")} />
				<Moment label={t("approval.until")} name="until" value={one.until} onValue={(until) => set({ until })} wrong={wrong("memberships/*/until")} />
			</div>
			<Input label={t("organisation.note")} name="note" value={one.note ?? ""} onValue={(note) => set({ note })} maxLength={500} wrong={wrong("memberships/*/note")} />
		</ChangeForm>
	);
}

export function EditAgreement({ kept, old, onClose }: EditProps & { old?: Agreement }) {
	const [one, setOne] = useState<Agreement>(old ?? { partner: me.value?.organisation ?? "", tlp_max: "green", from: new Date().toISOString() });
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const set = (part: Partial<Agreement>) => setOne({ ...one, ...part });
	return (
		<ChangeForm
			title={t(old ? "agreement.edit" : "agreement.add")}
			of={change}
			mine={() => ({ ...kept.value, agreements: put(kept.value.agreements, old, said(one)) })}
			fields={["agreements/*/partner", "agreements/*/tlp_max", "agreements/*/purposes", "agreements/*/contents", "agreements/*/from", "agreements/*/until", "agreements/*/note"]}
			onClose={onClose}
		>
			<OrganisationPick label={t("organisation.partner")} hint={t("agreement.partnerHint")} name="partner" value={one.partner} but={[kept.value.id ?? ""]} onValue={(partner) => set({ partner })} required wrong={wrong("agreements/*/partner")} />
			<Select label={t("organisation.tlpMax")} name="tlp_max" value={one.tlp_max} onValue={(tlp) => set({ tlp_max: tlp as Agreement["tlp_max"] })} options={LEVELS.map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))} wrong={wrong("agreements/*/tlp_max")} />
			<Check label={t("agreement.onward")} name="onward" checked={one.onward === true} onValue={(onward) => set({ onward })} />
			<Checks legend={t("agreement.purposes")} of={words("purpose", PURPOSES)} chosen={one.purposes ?? []} onValue={(chosen) => set({ purposes: PURPOSES.filter((purpose) => chosen.includes(purpose)) })} wrong={wrong("agreements/*/purposes")} />
			<Checks legend={t("membership.contents")} of={words("content", CONTENTS)} chosen={one.contents ?? []} onValue={(chosen) => set({ contents: CONTENTS.filter((content) => chosen.includes(content)) })} wrong={wrong("agreements/*/contents")} />
			<div class="form-row">
				<Moment label={t("organisation.from")} name="from" value={one.from} onValue={(from) => set({ from })} wrong={wrong("agreements/*/from")} />
				<Moment label={t("approval.until")} name="until" value={one.until} onValue={(until) => set({ until })} wrong={wrong("agreements/*/until")} />
			</div>
			<Input label={t("organisation.note")} name="note" value={one.note ?? ""} onValue={(note) => set({ note })} maxLength={500} wrong={wrong("agreements/*/note")} />
		</ChangeForm>
	);
}
