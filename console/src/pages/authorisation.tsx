// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Authorisation } from "../api/schema";
import { t, word } from "../lang/text";
import { duration, number } from "../model/format";
import { text, texts, type Stix } from "../model/stix";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { roles } from "../session";
import { Badge } from "../ui/badge";
import { Copy } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area } from "../ui/field";
import { FormEnd, useSeen } from "../ui/form";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { EdgeName, OrganisationName, PersonName, SetName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { applies, AuthorisationState, nextOf } from "./authorisations";
import { Receipts } from "./edges";

type Verb = "hand" | "issue" | "refuse" | "sign";

const records = (value: unknown): Stix[] => (Array.isArray(value) ? value.filter((one): one is Stix => !!one && typeof one === "object") : []);

function verbs(of: Authorisation): Verb[] {
	const commission = roles.value.has("commissioner") || roles.value.has("commission-staff");
	if (of.state === "draft" && applies()) return ["hand"];
	if (of.state === "handed" && commission) return ["sign", "refuse"];
	if (of.state === "signed") return applies() ? ["issue"] : commission ? ["sign"] : [];
	return [];
}

/** One authorisation: what it allows, who signed it, how it was used. */
export function AuthorisationPage({ id }: { id: string }) {
	const loaded = useLoad((signal) => hub.authorisation(id, signal), [id]);
	const [verb, setVerb] = useState<Verb | null>(null);
	useLive(loaded.again, undefined, 5000);
	return (
		<Load of={loaded}>
			{({ value: one, etag }) => {
				const payload: Stix = one.payload;
				return (
					<Page
						crumbs={<Link to="/authorisations">{t("section.authorisations")}</Link>}
						title={text(payload.purpose) ?? one.id}
						about={
							<span class="row">
								<AuthorisationState of={one} />
								<Badge>{word("basis", String(payload.basis ?? ""))}</Badge>
								{texts(payload.classes).map((name) => (
									<Badge key={name}>{word("class", name)}</Badge>
								))}
							</span>
						}
						actions={verbs(one).map((each) => (
							<button key={each} type="button" class={`button ${each === "refuse" ? "danger" : "primary"}`} onClick={() => setVerb(each)}>
								{t(`authorisation.${each}`)}
							</button>
						))}
					>
						<div class="side">
							<section class="card stack">
								<h2>{t("authorisation.allows")}</h2>
								<Allows payload={payload} />
							</section>
							<div class="stack">
								<section class="card">
									<h2>{t("authorisation.life")}</h2>
									<Life one={one} />
								</section>
								<section class="card">
									<h2>{t("authorisation.use")}</h2>
									{one.use ? (
										<dl class="facts">
											<dt>{t("authorisation.receipts")}</dt>
											<dd>{number(one.use.receipts, language.value)}</dd>
											<dt>{t("receipts.records")}</dt>
											<dd>{number(one.use.records, language.value)}</dd>
											{one.use.first && (
												<>
													<dt>{t("authorisation.firstUse")}</dt>
													<dd>
														<Time value={one.use.first} />
													</dd>
												</>
											)}
											{one.use.last && (
												<>
													<dt>{t("authorisation.lastUse")}</dt>
													<dd>
														<Time value={one.use.last} />
													</dd>
												</>
											)}
										</dl>
									) : (
										<p class="soft">{t("authorisation.unused")}</p>
									)}
								</section>
							</div>
						</div>
						{one.state !== "draft" && one.state !== "handed" && (
							<section class="card">
								<h2>{t("authorisation.receipts")}</h2>
								<Receipts query={{ authorisation: id }} />
							</section>
						)}
						<section class="card stack">
							<div class="card-head">
								<h2>{t("authorisation.document")}</h2>
								<Copy text={JSON.stringify(one.document)} />
							</div>
							<p class="note">{t("authorisation.documentAbout")}</p>
							<p>
								<span class="soft">SHA-256</span> <span class="value">{one.digest}</span>
							</p>
						</section>
						{verb && <StepDialog one={one} verb={verb} etag={etag} onClose={() => setVerb(null)} onDone={loaded.again} />}
					</Page>
				);
			}}
		</Load>
	);
}

function Allows({ payload }: { payload: Stix }) {
	const identified = payload.identified as { ground?: unknown } | undefined;
	const list = (name: string) => texts(payload[name]).join(t("list.comma")) || t("none");
	return (
		<>
			<dl class="facts">
				<dt>{t("authorisation.acts")}</dt>
				<dd>{list("acts")}</dd>
				<dt>{t("organisation.from")}</dt>
				<dd>
					<Time value={text(payload.from)} both />
				</dd>
				<dt>{t("authorisation.until")}</dt>
				<dd>
					<Time value={text(payload.until)} both />
				</dd>
				{text(payload.party) && (
					<>
						<dt>{t("authorisation.party")}</dt>
						<dd>{text(payload.party)}</dd>
						<dt>{t("authorisation.links")}</dt>
						<dd>{list("links")}</dd>
					</>
				)}
				{records(payload.facilities).map((one, at) => (
					<>
						<dt>{t("authorisation.facility", { n: at + 1 })}</dt>
						<dd>
							<span class="value">{text(one.prefix)}</span> {texts(one.classes).map((name) => word("class", name)).join(t("list.comma"))}
						</dd>
					</>
				))}
				<dt>{t("authorisation.retentionIs")}</dt>
				<dd>{duration(text(payload.retention), language.value)}</dd>
				<dt>{t("authorisation.recipients")}</dt>
				<dd>{list("recipients")}</dd>
				<dt>{t("authorisation.endpoints")}</dt>
				<dd>{identified ? `${t("authorisation.identified")}: ${text(identified.ground) ?? ""}` : t("authorisation.deidentified")}</dd>
				<dt>{t("authorisation.sensors")}</dt>
				<dd>
					{records(payload.sensors).map((one) => (
						<div key={String(one.id)}>
							<EdgeName id={String(one.id)} />
						</div>
					))}
				</dd>
			</dl>
			<Table
				caption={t("authorisation.bounds")}
				rows={records(payload.sets)}
				id={(row) => String(row.id)}
				columns={[
					{ key: "id", label: t("set.title"), head: true, show: (row) => <SetName id={String(row.id)} /> },
					{ key: "kinds", label: t("authorisation.kinds"), show: (row) => texts(row.kinds).map((one) => word("entry", one)).join(t("list.comma")) },
					{ key: "most", label: t("authorisation.most"), class: "number", show: (row) => number(Number(row.entries_max), language.value) },
					{ key: "widest", label: t("authorisation.widest"), class: "tight", show: (row) => `/${Number(row.prefix4_widest)}, /${Number(row.prefix6_widest)}` },
				]}
			/>
			{records(payload.patterns).length > 0 && <pre class="raw">{JSON.stringify(payload.patterns, null, 1)}</pre>}
		</>
	);
}

const COURSE = ["draft", "handed", "signed", "issued"] as const;

/** What was done, what is to be done next, and by whom. */
function Life({ one }: { one: Authorisation }) {
	const stopped = one.state === "refused" || one.state === "revoked";
	const reached = one.state === "refused" ? 1 : one.state === "revoked" ? 3 : COURSE.indexOf(one.state as (typeof COURSE)[number]);
	const next = nextOf(one);
	const signed = one.threshold ? `${one.signatures} / ${one.threshold}` : String(one.signatures);
	return (
		<div class="stack">
			<p class={`alert ${next.mine ? "warn" : stopped ? "hot" : ""}`} role="status">
				{next.mine && <Badge tone="warn">{t("next.mine")}</Badge>} {next.text}
			</p>
			{one.reason && <p class="note pre">{one.reason}</p>}
			<ol class="steps">
				{COURSE.map((step, at) => (
					<li key={step} class={at > reached ? "open" : ""}>
						<div>
							<strong class={at > reached ? "soft" : undefined}>{t(`course.${step}`)}</strong>
							{step === "draft" && (
								<div>
									<OrganisationName id={one.organisation} /> · <PersonName id={one.person} />
									<div class="small soft">
										<Time value={one.applied} both />
									</div>
								</div>
							)}
							{step === "signed" && <div>{t("course.signatures", { n: signed })}</div>}
							{at > 0 && at === reached && !stopped && (
								<div class="small soft">
									<Time value={one.changed} both />
								</div>
							)}
						</div>
					</li>
				))}
				{stopped && (
					<li class="hot">
						<div>
							<strong>{word("authorisationState", one.state)}</strong>
							<div class="small soft">
								<Time value={one.changed} both />
							</div>
						</div>
					</li>
				)}
			</ol>
		</div>
	);
}

function StepDialog({ one, verb, etag, onClose, onDone }: { one: Authorisation; verb: Verb; etag: string | null; onClose: () => void; onDone: () => void }) {
	const [written, setWritten] = useState("");
	const sending = useSend();
	const seen = useSeen(etag);
	const step = async (key: string) => {
		if (verb === "refuse") await hub.refuseAuthorisation(one.id, written.trim(), seen.etag, key);
		else if (verb === "sign") await hub.signAuthorisation(one.id, written.trim(), seen.etag, key);
		else await hub.stepAuthorisation(one.id, verb, seen.etag, key);
		tell(t("saved"));
		onClose();
		onDone();
	};
	return (
		<Dialog title={t(`authorisation.${verb}`)} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(step).then((well) => {
						if (well) return;
						seen.again();
						onDone();
					});
				}}
			>
				<p>{t(`authorisation.${verb}About`)}</p>
				{verb === "refuse" && <Area label={t("approval.reason")} name="reason" rows={3} value={written} onValue={setWritten} required maxLength={4000} />}
				{verb === "sign" && <Area label={t("authorisation.signed")} name="document" rows={6} class="mono" value={written} onValue={setWritten} required />}
				<Failure error={sending.error} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t(`authorisation.${verb}`)} />
			</form>
		</Dialog>
	);
}
