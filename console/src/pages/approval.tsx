// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Approval, BlastRadius, Set as NamedSet } from "../api/schema";
import { t, word, type Key } from "../lang/text";
import { language } from "../preferences";
import { titleOf } from "../model/stix";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { me, roles } from "../session";
import { Badge, State, Tlp } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area } from "../ui/field";
import { useSeen } from "../ui/form";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { OrganisationName, PersonName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";

/** One decision: what it would do, whom it would hit, who said what. */
export function ApprovalPage({ set: setId, id }: { set: string; id: string }) {
	const loaded = useLoad(
		async (signal) => {
			const [set, answer] = await Promise.all([hub.oneSet(setId, signal), hub.approval(setId, id, signal)]);
			const object = await hub.object(answer.value.object, signal).catch(() => undefined);
			return { set, approval: answer.value, etag: answer.etag, object };
		},
		[setId, id],
	);
	const [verb, setVerb] = useState<hub.Step | null>(null);
	useLive(loaded.again);
	return (
		<Load of={loaded}>
			{({ set, approval, etag, object }) => {
				const mine = (approval.proposed?.by ?? approval.drafted?.by) === me.value?.account;
				const approver = roles.value.has("approver");
				const steps: hub.Step[] =
					approval.state === "draft"
						? ["propose"]
						: approval.state === "proposed" && approver
							? mine && set.persons > 1
								? ["refuse"]
								: ["approve", "refuse"]
							: approval.state === "approved" && approver
								? ["retire"]
								: [];
				return (
					<Page
						crumbs={
							<>
								<Link to="/threats">{t("section.threats")}</Link> › <Link to="/threats/approvals">{t("approvals.title")}</Link> › <Link to={`/threats/sets/${setId}`}>{set.names[language.value]}</Link>
							</>
						}
						title={object ? titleOf(object) : approval.object}
						about={
							<span class="row">
								<State state={approval.state} />
								<Badge>{word("action", set.action)}</Badge>
								<Tlp level={set.marking.tlp} />
								{approval.superseded && <Badge tone="warn">{t("approval.superseded")}</Badge>}
							</span>
						}
						actions={steps.map((one) => (
							<button key={one} type="button" class={`button ${one === "approve" || one === "propose" ? "primary" : one === "refuse" || one === "retire" ? "danger" : ""}`} onClick={() => setVerb(one)}>
								{t(`step.${one}`)}
							</button>
						))}
					>
						{approval.state === "proposed" && mine && set.persons > 1 && <p class="alert">{t("approval.second")}</p>}
						<div class="side">
							<div class="stack">
								<Radius set={setId} id={id} state={approval.state} />
								<section class="card">
									<h2>{t("approval.entries", { n: approval.entry_count })}</h2>
									<Table
										caption={t("approval.entriesCaption")}
										quiet
										rows={approval.entries ?? []}
										id={(row) => `${row.kind} ${row.value}`}
										empty={<p>{t("approval.noEntries")}</p>}
										columns={[
											{ key: "value", label: t("object.value"), head: true, show: (row) => <span class="value">{row.value}</span> },
											{ key: "kind", label: t("object.type"), class: "tight", show: (row) => <Badge>{word("entry", row.kind)}</Badge> },
										]}
									/>
									{approval.left_out.length > 0 && (
										<Table
											caption={t("approval.leftOut")}
											rows={approval.left_out}
											id={(row) => `${row.reason} ${row.value}`}
											columns={[
												{ key: "value", label: t("object.value"), head: true, show: (row) => <span class="value">{row.value}</span> },
												{ key: "why", label: t("approval.why"), show: (row) => [row.text, row.detail].filter(Boolean).join(": ") },
											]}
										/>
									)}
								</section>
							</div>
							<section class="card stack">
								<h2>{t("approval.life")}</h2>
								<Life approval={approval} set={set} />
								<dl class="facts">
									<dt>{t("approval.object")}</dt>
									<dd>
										<Link to={`/threats/objects/${approval.object}`} class="value">
											{approval.object}
										</Link>
									</dd>
									<dt>{t("object.version")}</dt>
									<dd>
										<Time value={approval.version} both />
									</dd>
									{approval.valid_until && (
										<>
											<dt>{t("approval.until")}</dt>
											<dd>
												<Time value={approval.valid_until} both />
											</dd>
										</>
									)}
									{approval.act && (
										<>
											<dt>{t("approval.act")}</dt>
											<dd>{approval.act}</dd>
										</>
									)}
									{approval.reason && (
										<>
											<dt>{t("approval.reason")}</dt>
											<dd>{approval.reason}</dd>
										</>
									)}
									{approval.closing && (
										<>
											<dt>{t("approval.closing")}</dt>
											<dd>{approval.closing}</dd>
										</>
									)}
								</dl>
							</section>
						</div>
						{verb && <StepDialog set={set} id={id} verb={verb} etag={etag} onClose={() => setVerb(null)} onDone={loaded.again} />}
					</Page>
				);
			}}
		</Load>
	);
}

function Life({ approval, set }: { approval: Approval; set: NamedSet }) {
	const steps: { what: Key; by?: string; at?: string; hot?: boolean }[] = [];
	if (approval.drafted) steps.push({ what: "life.drafted", ...approval.drafted });
	if (approval.proposed) steps.push({ what: "life.proposed", ...approval.proposed });
	for (const one of approval.approvals ?? []) steps.push({ what: "life.approved", ...one });
	if (approval.decided && approval.state === "refused") steps.push({ what: "life.refused", ...approval.decided, hot: true });
	else if (approval.decided && !(approval.approvals ?? []).some((one) => one.at === approval.decided?.at)) steps.push({ what: "life.decided", ...approval.decided });
	if (approval.retired) steps.push({ what: "life.retired", ...approval.retired, hot: true });
	const open: Key | null = approval.state === "draft" ? "life.awaitProposal" : approval.state === "proposed" ? "life.awaitApproval" : null;
	return (
		<ol class="steps">
			{steps.map((one, at) => (
				<li key={at} class={one.hot ? "hot" : ""}>
					<div>
						<strong>{t(one.what)}</strong>
						<div>
							<PersonName id={one.by} />
						</div>
						<div class="small soft">
							<Time value={one.at} both />
						</div>
					</div>
				</li>
			))}
			{open && (
				<li class="open">
					<span class="soft">{t(open, { n: set.persons })}</span>
				</li>
			)}
		</ol>
	);
}

function Radius({ set, id, state }: { set: string; id: string; state: string }) {
	const [radius, setRadius] = useState<BlastRadius | null>(null);
	const sending = useSend();
	const look = () => void sending.send(async () => setRadius(await hub.blastRadius(set, id)));
	return (
		<section class="card">
			<div class="card-head">
				<h2>{t("radius.title")}</h2>
				<button type="button" class="button" disabled={sending.busy} onClick={look}>
					{radius ? t("action.again") : t("radius.look")}
				</button>
			</div>
			{!radius && <p class="note">{t(state === "proposed" || state === "draft" ? "radius.about" : "radius.aboutLater")}</p>}
			<Failure error={sending.error} />
			{radius && (
				<div class="stack" role="status">
					{radius.blocked && <p class="alert hot">{t("radius.blocked")}</p>}
					{radius.held && (
						<p class="alert warn">
							{t("radius.held")} <Link to="/threats/holds?tab=others">{t("holds.title")}</Link>
						</p>
					)}
					{!radius.blocked && !radius.held && <p class="alert good">{t("radius.clear")}</p>}
					{radius.cut && <p class="alert">{t("radius.cut")}</p>}
					<Table
						caption={t("radius.caption")}
						quiet
						rows={radius.entries}
						id={(row) => `${row.kind} ${row.value}`}
						columns={[
							{ key: "value", label: t("object.value"), head: true, show: (row) => <span class="value">{row.value}</span> },
							{
								key: "lists",
								label: t("radius.lists"),
								show: (row) =>
									row.warning_lists.length ? (
										<span class="row">
											{row.warning_lists.map((one) => (
												<Badge key={one.list} tone={one.action === "block" ? "hot" : "warn"}>
													{one.name}
												</Badge>
											))}
										</span>
									) : (
										t("radius.noLists")
									),
							},
							{
								key: "holdings",
								label: t("radius.holdings"),
								show: (row) => (
									<span class="row">
										{row.holdings.count}
										{row.holdings.organisations.map((one) => (
											<OrganisationName key={one} id={one} />
										))}
									</span>
								),
							},
							{ key: "held", label: t("radius.hold"), show: (row) => (row.held ? <Badge tone="warn">{t("radius.isHeld")}</Badge> : t("radius.notHeld")) },
							{ key: "asked", label: t("radius.asked"), show: (row) => (row.asked.known ? `${word("level", row.asked.level ?? "")}${row.asked.labels_up ? ` (${t("radius.above", { n: row.asked.labels_up })})` : ""}` : t("radius.unknown")) },
						]}
					/>
				</div>
			)}
		</section>
	);
}

function StepDialog({ set, id, verb, etag, onClose, onDone }: { set: NamedSet; id: string; verb: hub.Step; etag: string | null; onClose: () => void; onDone: () => void }) {
	const [reason, setReason] = useState("");
	const sending = useSend();
	const seen = useSeen(etag);
	const asksReason = verb === "refuse" || verb === "retire";
	const wrong = sending.error instanceof Refused ? sending.error.of("reason") : undefined;
	return (
		<Dialog title={t(`step.${verb}`)} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending
						.send(async (key) => {
							const { state } = await hub.step(set.id, id, verb, reason.trim(), key, seen.etag);
							tell(t("step.done", { state: word("state", state) }));
							onClose();
							onDone();
						})
						.then((well) => {
							if (well) return;
							seen.again();
							onDone();
						});
				}}
			>
				<p>{t(`step.${verb}About`, { set: set.names[language.value] })}</p>
				{asksReason && <Area label={t("approval.reason")} name="reason" rows={3} value={reason} onValue={setReason} required maxLength={2000} wrong={wrong} />}
				<Failure error={sending.error} fields={["reason"]} />
				<div class="actions end">
					<button type="button" class="button" onClick={onClose}>
						{t("action.cancel")}
					</button>
					<button type="submit" class={`button ${asksReason ? "danger" : "primary"}`} disabled={sending.busy}>
						{t(`step.${verb}`)}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
