// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Authorisation } from "../api/schema";
import { t, word } from "../lang/text";
import { applicationOf, CLASSES, KINDS, type Basis } from "../model/application";
import { fromInput, localTime, number, toInput } from "../model/format";
import { text } from "../model/stix";
import { lookUp } from "../names";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { go, Link, place, setQuery } from "../shell/router";
import { me, roles } from "../session";
import { Badge, type Tone } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area, Checks, Input, Select } from "../ui/field";
import { FormEnd } from "../ui/form";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Time } from "../ui/time";

const STATES = ["all", "draft", "handed", "signed", "issued", "refused", "revoked"] as const;
const TONES: Record<Authorisation["state"], Tone> = { draft: "plain", handed: "warn", refused: "hot", signed: "accent", issued: "good", revoked: "hot" };
export const applies = () => roles.value.has("approver") || roles.value.has("administrator");

export function AuthorisationState({ of }: { of: Authorisation }) {
	const over = of.state === "issued" && new Date(of.until) < new Date();
	return <Badge tone={over ? "plain" : TONES[of.state]}>{over ? t("authorisation.over") : word("authorisationState", of.state)}</Badge>;
}

/** What is to be done next and by whom; whether that is the reader. */
export function nextOf(one: Authorisation): { text: string; mine: boolean } {
	const organisation = lookUp("organisations", one.organisation) ?? "";
	const own = me.value?.organisation === one.organisation && applies();
	const commission = roles.value.has("commissioner") || roles.value.has("commission-staff");
	const at = (time: string) => localTime(new Date(time), language.value);
	const now = new Date();
	switch (one.state) {
		case "draft":
			return { text: t("next.draft", { organisation }), mine: own };
		case "handed":
			return { text: t("next.handed", { n: one.threshold ? `${one.signatures} / ${one.threshold}` : one.signatures }), mine: commission };
		case "signed":
			return { text: t("next.signed", { organisation }), mine: own };
		case "refused":
			return { text: t("next.refused"), mine: false };
		case "revoked":
			return { text: t("next.revoked"), mine: false };
		case "issued":
			if (new Date(one.until) <= now) return { text: t("next.over"), mine: false };
			return { text: new Date(one.from) > now ? t("next.early", { from: at(one.from) }) : t("next.issued", { until: at(one.until) }), mine: false };
	}
}

/** Who has the next step, in a word. */
function Turn({ of }: { of: Authorisation }) {
	const { mine } = nextOf(of);
	if (mine) return <Badge tone="warn">{t("next.mine")}</Badge>;
	if (of.state === "handed") return <span>{word("kind", "commission")}</span>;
	return of.state === "draft" || of.state === "signed" ? <OrganisationName id={of.organisation} /> : <span class="soft">{t("next.nobody")}</span>;
}

export function Authorisations() {
	const asked = place.value.query.get("state");
	const state = STATES.find((one) => one === asked) ?? "all";
	const [applying, setApplying] = useState(false);
	const loaded = useLoad((signal) => hub.authorisations(state === "all" ? undefined : state, undefined, signal), [state]);
	useLive(loaded.again, undefined, 5000);
	return (
		<Page
			title={t("section.authorisations")}
			about={t("authorisations.about")}
			actions={
				applies() && (
					<button type="button" class="button primary" onClick={() => setApplying(true)}>
						{t("authorisation.apply")}
					</button>
				)
			}
		>
			<section class="card">
				<Tabs label={t("approval.state")} tabs={STATES.map((id) => ({ id, label: word("authorisationState", id) }))} chosen={state} onChoose={(id) => setQuery({ state: id === "all" ? undefined : id })}>
					<Load of={loaded}>
						{(page) => (
							<Table<Authorisation>
								caption={t("authorisations.caption")}
								quiet
								keys
								rows={page.authorisations}
								id={(row) => row.id}
								empty={<p>{t("authorisations.none")}</p>}
								columns={[
									{ key: "purpose", label: t("authorisation.purpose"), head: true, show: (row) => <Link to={`/authorisations/${row.id}`}>{text(row.payload.purpose) ?? row.id}</Link> },
									{ key: "basis", label: t("authorisation.basis"), class: "tight", show: (row) => word("basis", String(row.payload.basis ?? "")) },
									{ key: "state", label: t("approval.state"), class: "tight", show: (row) => <AuthorisationState of={row} /> },
									{ key: "turn", label: t("next.who"), show: (row) => <Turn of={row} /> },
									{ key: "signatures", label: t("authorisation.signatures"), class: "number", show: (row) => (row.threshold ? `${row.signatures} / ${row.threshold}` : String(row.signatures)) },
									{ key: "from", label: t("organisation.from"), class: "tight", show: (row) => <Time value={row.from} /> },
									{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={row.until} /> },
									{ key: "organisation", label: t("set.organisation"), show: (row) => <OrganisationName id={row.organisation} /> },
								]}
							/>
						)}
					</Load>
				</Tabs>
			</section>
			<Nation />
			{applying && <Apply onClose={() => setApplying(false)} />}
		</Page>
	);
}

/** Trust file, domestic table and revocations in force: what every sensor holds too. */
function Nation() {
	const loaded = useLoad((signal) => hub.nation(signal), []);
	if (loaded.error instanceof Refused && loaded.error.status === 404) return null;
	return (
		<section class="card">
			<h2>{t("nation.title")}</h2>
			<Load of={loaded}>
				{(all) => (
					<Table
						caption={t("nation.about")}
						rows={all.documents}
						id={(row) => row.kind}
						empty={<p>{t("nation.none")}</p>}
						columns={[
							{ key: "kind", label: t("directory.kind"), head: true, show: (row) => word("nation", row.kind) },
							{ key: "number", label: t("receipts.number"), class: "number", show: (row) => number(row.number, language.value) },
							{ key: "made", label: t("nation.since"), class: "tight", show: (row) => <Time value={row.made} /> },
							{ key: "digest", label: "SHA-256", show: (row) => <span class="value small">{row.digest}</span> },
						]}
					/>
				)}
			</Load>
		</section>
	);
}

const FIELDS = ["purpose", "acts", "from", "until", "retention", "party", "links", "facilities", "recipients", "sensors", "sets", "classes", "identified"];

function Apply({ onClose }: { onClose: () => void }) {
	const [basis, setBasis] = useState<Basis>("specified");
	const [classes, setClasses] = useState<readonly string[]>(CLASSES.specified);
	const [purpose, setPurpose] = useState("");
	const [acts, setActs] = useState("");
	const [party, setParty] = useState("");
	const [links, setLinks] = useState("");
	const [facilities, setFacilities] = useState("");
	const [recipients, setRecipients] = useState("");
	const [from, setFrom] = useState(() => toInput(new Date()));
	const [until, setUntil] = useState(() => toInput(new Date(Date.now() + 30 * 86_400_000)));
	const [retention, setRetention] = useState("30");
	const [ground, setGround] = useState("");
	const [sensors, setSensors] = useState<string[]>([]);
	const [set, setSet] = useState("");
	const [kinds, setKinds] = useState<string[]>(["ipv4", "ipv6", "name", "wildcard"]);
	const [most, setMost] = useState("1000000");
	const sending = useSend();
	const choices = useLoad(async (signal) => {
		const [edges, sets] = await Promise.all([hub.edges(signal), hub.sets(signal)]);
		return { sensors: edges.rows.filter((one) => one.kind === "sensor" && one.state === "enrolled"), sets: sets.rows.filter((one) => one.action === "select") };
	}, []);
	const at = (field: string) => (sending.error instanceof Refused ? sending.error.of(field) : undefined);
	return (
		<Dialog title={t("authorisation.apply")} onClose={onClose}>
			<Load of={choices}>
				{(known) => (
					<form
						class="form"
						onSubmit={(event) => {
							event.preventDefault();
							void sending.send(async (key) => {
								const body = applicationOf({
									basis,
									classes,
									purpose,
									acts,
									party,
									links,
									facilities,
									recipients,
									from: fromInput(from) ?? "",
									until: fromInput(until) ?? "",
									retentionDays: Number(retention) || 0,
									ground,
									sensors,
									set: set || known.sets[0]?.id || "",
									kinds,
									entriesMax: Number(most) || 0,
								});
								const made = await hub.applyForAuthorisation(body, key);
								onClose();
								go(`/authorisations/${made.id}`);
							});
						}}
					>
						<p class="note">{t("authorisation.applyAbout")}</p>
						<Select
							label={t("authorisation.basis")}
							name="basis"
							value={basis}
							onValue={(value) => {
								setBasis(value as Basis);
								setClasses(CLASSES[value as Basis]);
							}}
							options={(Object.keys(CLASSES) as Basis[]).map((value) => ({ value, label: word("basis", value) }))}
						/>
						<Checks legend={t("authorisation.classes")} of={CLASSES[basis].map((value) => ({ value, label: word("class", value) }))} chosen={classes} onValue={setClasses} />
						<Area label={t("authorisation.purpose")} name="purpose" rows={2} value={purpose} onValue={setPurpose} required maxLength={1300} wrong={at("purpose")} />
						<Area label={t("authorisation.acts")} hint={t("form.lines")} name="acts" rows={2} value={acts} onValue={setActs} required wrong={at("acts")} />
						{basis === "agreement" && (
							<div class="form-row">
								<Input label={t("authorisation.party")} name="party" value={party} onValue={setParty} required wrong={at("party")} />
								<Area label={t("authorisation.links")} hint={t("form.lines")} name="links" rows={2} value={links} onValue={setLinks} required wrong={at("links")} />
							</div>
						)}
						{basis === "specified" && <Area label={t("authorisation.facilities")} hint={t("authorisation.facilitiesHint")} name="facilities" rows={2} value={facilities} onValue={setFacilities} required wrong={at("facilities")} />}
						<div class="form-row">
							<Input label={t("organisation.from")} name="from" type="datetime-local" value={from} onValue={setFrom} required wrong={at("from")} />
							<Input label={t("approval.until")} name="until" type="datetime-local" value={until} onValue={setUntil} required wrong={at("until")} />
							<Input label={t("authorisation.retention")} name="retention" inputMode="numeric" value={retention} onValue={setRetention} required wrong={at("retention")} />
						</div>
						<Checks legend={t("authorisation.sensors")} of={known.sensors.map((one) => ({ value: one.id, label: one.names[language.value] }))} chosen={sensors} onValue={setSensors} />
						{!known.sensors.length && <p class="alert warn">{t("authorisation.noSensors")}</p>}
						{at("sensors") && <p class="alert hot">{at("sensors")}</p>}
						{known.sets.length ? (
							<Select label={t("authorisation.set")} name="set" value={set || (known.sets[0]?.id ?? "")} onValue={setSet} options={known.sets.map((one) => ({ value: one.id, label: one.names[language.value] }))} wrong={at("sets")} />
						) : (
							<p class="alert warn">{t("authorisation.noSets")}</p>
						)}
						<Checks legend={t("authorisation.kinds")} of={KINDS.map((value) => ({ value, label: word("entry", value) }))} chosen={kinds} onValue={setKinds} />
						<div class="form-row">
							<Input label={t("authorisation.most")} name="most" inputMode="numeric" value={most} onValue={setMost} required />
							<Area label={t("authorisation.recipients")} hint={t("form.lines")} name="recipients" rows={2} value={recipients} onValue={setRecipients} wrong={at("recipients")} />
						</div>
						<Area label={t("authorisation.ground")} hint={t("authorisation.groundHint")} name="ground" rows={2} value={ground} onValue={setGround} wrong={at("identified")} />
						<Failure error={sending.error} fields={FIELDS} />
						<FormEnd onClose={onClose} busy={sending.busy} label={t("authorisation.applyDo")} />
					</form>
				)}
			</Load>
		</Dialog>
	);
}
