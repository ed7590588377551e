// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Approval, Set as NamedSet } from "../api/schema";
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { go, Link, place, setQuery } from "../shell/router";
import { roles } from "../session";
import { Badge, State, Tlp } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Input, Select } from "../ui/field";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { OrganisationName, PersonName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Ago } from "../ui/time";

const STATES = ["proposed", "draft", "approved", "refused", "retired"] as const;

export interface Standing {
	set: NamedSet;
	approval: Approval;
}

/** The newest decisions of a state in all sets that one may decide on. */
export async function standings(state: string, signal: AbortSignal, limit = 100): Promise<{ rows: Standing[]; sets: NamedSet[] }> {
	const { rows: sets } = await hub.sets(signal);
	const pages = await Promise.all(
		sets.map(async (set) => {
			try {
				return (await hub.approvals(set.id, state, undefined, signal, limit)).approvals.map((approval) => ({ set, approval }));
			} catch {
				signal.throwIfAborted();
				return [];
			}
		}),
	);
	const at = ({ approval }: Standing) => (approval.retired ?? approval.decided ?? approval.proposed ?? approval.drafted)?.at ?? "";
	return { rows: pages.flat().sort((a, b) => at(b).localeCompare(at(a))), sets };
}

export function Approvals() {
	const asked = place.value.query.get("state");
	const state = STATES.find((one) => one === asked) ?? "proposed";
	const loaded = useLoad((signal) => standings(state, signal), [state]);
	const [making, setMaking] = useState(false);
	useLive(loaded.again);
	return (
		<Page
			crumbs={<Link to="/threats">{t("section.threats")}</Link>}
			title={t("approvals.title")}
			about={t("approvals.about")}
			actions={
				(roles.value.has("approver") || roles.value.has("administrator")) && (
					<button type="button" class="button" onClick={() => setMaking(true)}>
						{t("set.make")}
					</button>
				)
			}
		>
			<div class="side">
				<section class="card">
					<Tabs label={t("approval.state")} tabs={STATES.map((id) => ({ id, label: word("state", id) }))} chosen={state} onChoose={(id) => setQuery({ state: id === "proposed" ? undefined : id })}>
						<Load of={loaded}>{({ rows }) => <StandingTable rows={rows} caption={t("approvals.caption")} empty={<p>{t("approvals.none")}</p>} />}</Load>
					</Tabs>
				</section>
				<section class="card">
					<h2>{t("sets.title")}</h2>
					<Load of={loaded}>
						{({ sets }) => (
							<Table
								caption={t("sets.title")}
								quiet
								rows={sets}
								id={(row) => row.id}
								empty={<p>{t("sets.none")}</p>}
								columns={[
									{ key: "name", label: t("set.name"), head: true, show: (row) => <Link to={`/threats/sets/${row.id}`}>{row.names[language.value]}</Link> },
									{ key: "action", label: t("set.action"), show: (row) => <Badge>{word("action", row.action)}</Badge> },
									{ key: "entries", label: t("set.entries"), class: "number", show: (row) => number(row.entries, language.value) },
								]}
							/>
						)}
					</Load>
				</section>
			</div>
			{making && <MakeSet onClose={() => setMaking(false)} />}
		</Page>
	);
}

export function StandingTable({ rows, caption, empty }: { rows: readonly Standing[]; caption: string; empty: preact.ComponentChildren }) {
	return (
		<Table
			caption={caption}
			quiet
			keys
			rows={rows}
			id={(row) => row.approval.id}
			empty={empty}
			columns={[
				{
					key: "object",
					label: t("approval.object"),
					head: true,
					show: ({ set, approval }) => (
						<div>
							<Link to={`/threats/sets/${set.id}/approvals/${approval.id}`}>{approval.reason?.slice(0, 120) || approval.object}</Link>
							{approval.reason && <div class="value soft small">{approval.object}</div>}
						</div>
					),
				},
				{ key: "set", label: t("set.title"), show: ({ set }) => set.names[language.value] },
				{ key: "entries", label: t("set.entries"), class: "number", show: ({ approval }) => number(approval.entry_count, language.value) },
				{
					key: "state",
					label: t("approval.state"),
					class: "tight",
					show: ({ approval }) => (
						<span class="row">
							<State state={approval.state} />
							{approval.superseded && <Badge tone="warn">{t("approval.superseded")}</Badge>}
						</span>
					),
				},
				{ key: "by", label: t("approval.proposedBy"), show: ({ approval }) => <PersonName id={(approval.proposed ?? approval.drafted)?.by} /> },
				{ key: "at", label: t("approval.when"), class: "tight", show: ({ approval }) => <Ago value={(approval.retired ?? approval.decided ?? approval.proposed ?? approval.drafted)?.at} /> },
			]}
		/>
	);
}

export function SetFacts({ set }: { set: NamedSet }) {
	return (
		<dl class="facts">
			<dt>{t("set.action")}</dt>
			<dd>
				<Badge>{word("action", set.action)}</Badge>
			</dd>
			<dt>{t("set.audience")}</dt>
			<dd>
				<Tlp level={set.marking.tlp} />
			</dd>
			<dt>{t("set.persons")}</dt>
			<dd>{set.persons}</dd>
			<dt>{t("set.organisation")}</dt>
			<dd>
				<OrganisationName id={set.organisation} />
			</dd>
			<dt>{t("set.entries")}</dt>
			<dd>{number(set.entries, language.value)}</dd>
			<dt>{t("set.version")}</dt>
			<dd>{set.version || t("set.unpublished")}</dd>
			<dt>ID</dt>
			<dd class="value">{set.id}</dd>
		</dl>
	);
}

const LEVELS = ["clear", "green", "amber", "amber+strict", "red"] as const;

function MakeSet({ onClose }: { onClose: () => void }) {
	const [ja, setJa] = useState("");
	const [en, setEn] = useState("");
	const [action, setAction] = useState<NamedSet["action"]>("block");
	const [tlp, setTlp] = useState<(typeof LEVELS)[number]>("amber");
	const sending = useSend();
	return (
		<Dialog title={t("set.make")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async (key) => {
						const made = await hub.makeSet({ names: { en: en.trim(), ja: ja.trim() }, action, marking: { tlp } }, key);
						onClose();
						go(`/threats/sets/${made.id}`);
					});
				}}
			>
				<Input label={t("set.nameJa")} name="ja" value={ja} onValue={setJa} required />
				<Input label={t("set.nameEn")} name="en" value={en} onValue={setEn} required />
				<div class="form-row">
					<Select
						label={t("set.action")}
						name="action"
						value={action}
						onValue={(value) => setAction(value as NamedSet["action"])}
						options={(["block", "watch", "select"] as const).map((value) => ({ value, label: word("action", value) }))}
					/>
					<Select
						label={t("set.audience")}
						name="tlp"
						value={tlp}
						onValue={(value) => setTlp(value as (typeof LEVELS)[number])}
						options={LEVELS.map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))}
					/>
				</div>
				<Failure error={sending.error} />
				<div class="actions end">
					<button type="button" class="button" onClick={onClose}>
						{t("action.cancel")}
					</button>
					<button type="submit" class="button primary" disabled={sending.busy}>
						{t("set.make")}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
