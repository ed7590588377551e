// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Hold } from "../api/schema";
import { useKept } from "../kept";
import { t } from "../lang/text";
import { refang } from "../model/extract";
import { fromInput, parseTime, toInput } from "../model/format";
import { Page } from "../shell/page";
import { go, Link, place, setQuery } from "../shell/router";
import { administers, decides, me } from "../session";
import { Badge, Marking } from "../ui/badge";
import { Confirm } from "../ui/confirm";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area, Input, Select } from "../ui/field";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { More, useMore } from "../ui/more";
import { OrganisationName, PersonName } from "../ui/names";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Ago, Time } from "../ui/time";
import { tell } from "../ui/toast";

const TABS = ["own", "others", "over"] as const;
const LEVELS = ["clear", "green", "amber", "amber+strict", "red"] as const;
const ASKED_HOLDS = 50; /* own holds whose questions stand on the page of all */
const DAY_MS = 86_400_000;

const isOver = (hold: Hold) => !!hold.released || (parseTime(hold.until)?.getTime() ?? 0) <= Date.now();
const isOwn = (hold: Hold) => hold.organisation === me.value?.organisation;
const places = () => decides.value || administers.value;
/** A value as reports write it is meant as it stands. */
const meant = (typed: string) => refang(typed.trim());

/** Deconfliction: what we watch and want to be asked about before somebody blocks it. */
export function Holds() {
	const { query } = place.value;
	const tab = TABS.find((one) => one === query.get("tab")) ?? "own";
	const loaded = useLoad(
		(signal) =>
			hub.all(async (cursor) => {
				const page = await hub.holds(cursor, signal);
				return { rows: page.holds, next: page.next };
			}),
		[],
	);
	const fits = (hold: Hold) => (tab === "over" ? isOver(hold) : !isOver(hold) && isOwn(hold) === (tab === "own"));
	useLive(loaded.again);
	return (
		<Page
			crumbs={<Link to="/threats">{t("section.threats")}</Link>}
			title={t("holds.title")}
			about={t("holds.about")}
			actions={
				places() && (
					<button type="button" class="button primary" onClick={() => setQuery({ new: "1" })}>
						{t("hold.place")}
					</button>
				)
			}
		>
			<div class="side">
				<section class="card">
					<Tabs label={t("holds.title")} tabs={TABS.map((id) => ({ id, label: t(`holds.tab.${id}`) }))} chosen={tab} onChoose={(id) => setQuery({ tab: id === "own" ? undefined : id })}>
						<Load of={loaded}>
							{({ rows, cut }) => (
								<>
									{cut && <p class="alert warn">{t("list.cut", { n: rows.length })}</p>}
									<Table<Hold>
										caption={t(`holds.tab.${tab}`)}
										quiet
										keys
										rows={rows.filter(fits)}
										id={(row) => row.id}
										empty={<p>{t(`holds.none.${tab}`)}</p>}
										columns={[
											{ key: "value", label: t("object.value"), head: true, show: (row) => <Link to={`/threats/holds/${row.id}`} class="value">{row.value}</Link> },
											{ key: "reason", label: t("approval.reason"), show: (row) => <span class="around">{row.reason}</span> },
											...(tab === "own" ? [] : [{ key: "holder", label: t("hold.holder"), show: (row: Hold) => <OrganisationName id={row.organisation} /> }]),
											{ key: "marking", label: t("object.marking"), class: "tight", show: (row) => <Marking marking={row.marking} brief /> },
											{ key: "until", label: t(tab === "over" ? "hold.ended" : "approval.until"), class: "tight", show: (row) => <Ago value={row.released ?? row.until} /> },
										]}
									/>
								</>
							)}
						</Load>
					</Tabs>
				</section>
				<div class="stack">
					<Ask />
					<section class="card">
						<h2>{t("hold.questions")}</h2>
						<Load of={loaded}>{({ rows }) => <AllQuestions holds={rows.filter(isOwn).slice(-ASKED_HOLDS)} />}</Load>
					</section>
				</div>
			</div>
			{places() && query.has("new") && <Place value={query.get("value") ?? ""} onClose={() => setQuery({ new: undefined, value: undefined })} />}
		</Page>
	);
}

interface Answered {
	value: string;
	held: boolean;
	at: string;
}

/** Yes or no for one value; whoever holds it sees that it was asked. */
function Ask() {
	const [value, setValue] = useState("");
	const [answers, setAnswers] = useKept<Answered[]>("holds.answers", []);
	const sending = useSend();
	return (
		<section class="card stack">
			<h2>{t("hold.ask")}</h2>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async (key) => {
						const asked = meant(value);
						const { held } = await hub.askHold(asked, key);
						setAnswers([{ value: asked, held, at: new Date().toISOString() }, ...answers].slice(0, 10));
						setValue("");
					});
				}}
			>
				<Input
					label={t("object.value")}
					hint={t("hold.askHint")}
					name="asked"
					value={value}
					onValue={setValue}
					required
					mono
					autocomplete="off"
					maxLength={2048}
					wrong={sending.error instanceof Refused ? sending.error.of("value") : undefined}
				/>
				<Failure error={sending.error} fields={["value"]} />
				<div class="actions">
					<button type="submit" class="button" disabled={sending.busy}>
						{t("hold.askDo")}
					</button>
				</div>
			</form>
			<div role="status" class="stack tight">
				{answers.map((one) => (
					<p key={one.at} class={`alert ${one.held ? "warn" : "good"}`}>
						<span class="value">{one.value}</span>: {t(one.held ? "hold.held" : "hold.free")}{" "}
						<span class="small soft">
							<Ago value={one.at} />
						</span>
					</p>
				))}
			</div>
		</section>
	);
}

interface Asked {
	hold: Hold;
	organisation: string;
	asked: string;
	approval: boolean;
}

/** The last questions about everything that we hold, the newest first. */
function AllQuestions({ holds }: { holds: readonly Hold[] }) {
	const loaded = useLoad(
		async (signal) => {
			const pages = await Promise.all(
				holds.map(async (hold) => (await hub.holdQuestions(hold.id, undefined, signal, 20)).questions.map((one): Asked => ({ hold, ...one }))),
			);
			return pages.flat().sort((a, b) => b.asked.localeCompare(a.asked)).slice(0, 20);
		},
		[holds.map((one) => one.id)],
	);
	useLive(loaded.again);
	return (
		<Load of={loaded}>
			{(rows) => (
				<Table<Asked>
					caption={t("hold.questions")}
					quiet
					rows={rows}
					id={(row) => `${row.hold.id} ${row.asked} ${row.organisation}`}
					empty={<p>{t("hold.noQuestions")}</p>}
					columns={[
						{ key: "value", label: t("object.value"), head: true, show: (row) => <Link to={`/threats/holds/${row.hold.id}`} class="value">{row.hold.value}</Link> },
						{ key: "who", label: t("hold.asker"), show: (row) => <OrganisationName id={row.organisation} /> },
						{ key: "when", label: t("approval.when"), class: "tight", show: (row) => <Ago value={row.asked} /> },
					]}
				/>
			)}
		</Load>
	);
}

/** One hold: why, until when, whom to call; for the holder also who asked. */
export function HoldPage({ id }: { id: string }) {
	const loaded = useLoad((signal) => hub.hold(id, signal), [id]);
	const [doing, setDoing] = useState<"change" | "release" | null>(null);
	useLive(loaded.again);
	return (
		<Load of={loaded}>
			{({ value: hold, etag }) => (
				<Page
					crumbs={
						<>
							<Link to="/threats">{t("section.threats")}</Link> › <Link to="/threats/holds">{t("holds.title")}</Link>
						</>
					}
					title={<span class="value">{hold.value}</span>}
					about={
						<span class="row">
							<Badge tone={isOver(hold) ? "plain" : "good"}>{t(isOver(hold) ? "hold.over" : "hold.inForce")}</Badge>
							<Marking marking={hold.marking} />
							<OrganisationName id={hold.organisation} />
						</span>
					}
					actions={
						isOwn(hold) &&
						places() &&
						!hold.released && (
							<>
								<button type="button" class="button" onClick={() => setDoing("change")}>
									{t("hold.change")}
								</button>
								<button type="button" class="button danger" onClick={() => setDoing("release")}>
									{t("hold.release")}
								</button>
							</>
						)
					}
				>
					<div class="halves">
						<section class="card stack">
							<h2>{t("hold.title")}</h2>
							<dl class="facts">
								<dt>{t("approval.reason")}</dt>
								<dd>{hold.reason}</dd>
								<dt>{t("hold.contact")}</dt>
								<dd>{hold.contact}</dd>
								{hold.person && (
									<>
										<dt>{t("hold.by")}</dt>
										<dd>
											<PersonName id={hold.person} />
										</dd>
									</>
								)}
								<dt>{t("hold.entered")}</dt>
								<dd>
									<Time value={hold.entered} both />
								</dd>
								<dt>{t("approval.until")}</dt>
								<dd>
									<Time value={hold.until} both />
								</dd>
								{hold.released && (
									<>
										<dt>{t("hold.ended")}</dt>
										<dd>
											<Time value={hold.released} both />
										</dd>
									</>
								)}
							</dl>
							<p>
								<Link to={`/threats?${new URLSearchParams({ q: hold.value })}`}>{t("hold.search")}</Link>
							</p>
						</section>
						{isOwn(hold) && <Questions id={id} />}
					</div>
					{doing === "change" && <Change hold={hold} etag={etag} onClose={() => setDoing(null)} onDone={loaded.again} />}
					{doing === "release" && (
						<Confirm
							title={t("hold.release")}
							label={t("hold.release")}
							onClose={() => setDoing(null)}
							act={async (key) => {
								await hub.releaseHold(id, etag, key);
								tell(t("hold.released"));
								loaded.again();
							}}
						>
							<p>{t("hold.releaseAbout", { value: hold.value })}</p>
						</Confirm>
					)}
				</Page>
			)}
		</Load>
	);
}

type QuestionRow = { organisation: string; asked: string; approval: boolean };

function Questions({ id }: { id: string }) {
	const loaded = useLoad(
		async (signal) => {
			const page = await hub.holdQuestions(id, undefined, signal);
			return { rows: page.questions, next: page.next };
		},
		[id],
	);
	useLive(loaded.again);
	return (
		<section class="card">
			<h2>{t("hold.questions")}</h2>
			<Load of={loaded}>{(page) => <QuestionTable id={id} page={page} />}</Load>
		</section>
	);
}

function QuestionTable({ id, page }: { id: string; page: { rows: QuestionRow[]; next: string | undefined } }) {
	const list = useMore(page, async (cursor) => {
		const more = await hub.holdQuestions(id, cursor);
		return { rows: more.questions, next: more.next };
	});
	return (
		<>
			<Table<QuestionRow>
				caption={t("hold.questionsAbout")}
				rows={list.rows}
				id={(row) => `${row.asked} ${row.organisation}`}
				empty={<p>{t("hold.noQuestions")}</p>}
				columns={[
					{ key: "who", label: t("hold.asker"), head: true, show: (row) => <OrganisationName id={row.organisation} /> },
					{ key: "how", label: t("hold.how"), class: "tight", show: (row) => t(row.approval ? "hold.byApproval" : "hold.byPerson") },
					{ key: "when", label: t("approval.when"), class: "tight", show: (row) => <Time value={row.asked} /> },
				]}
			/>
			<More of={list} />
		</>
	);
}

interface Written {
	reason: string;
	contact: string;
	until: string;
	tlp: string;
}

const FIELDS = ["value", "reason", "contact", "until", "marking"];

function WrittenFields({ of, onValue, error }: { of: Written; onValue: (value: Written) => void; error: unknown }) {
	const wrong = (field: string) => (error instanceof Refused ? error.of(field) : undefined);
	return (
		<>
			<Area label={t("approval.reason")} hint={t("hold.reasonHint")} name="reason" rows={3} value={of.reason} onValue={(reason) => onValue({ ...of, reason })} required maxLength={600} wrong={wrong("reason")} />
			<Area label={t("hold.contact")} hint={t("hold.contactHint")} name="contact" rows={2} value={of.contact} onValue={(contact) => onValue({ ...of, contact })} required maxLength={600} wrong={wrong("contact")} />
			<div class="form-row">
				<Input label={t("approval.until")} hint={t("hold.untilHint")} name="until" type="datetime-local" value={of.until} onValue={(until) => onValue({ ...of, until })} required wrong={wrong("until")} />
				<Select
					label="TLP"
					hint={t("extract.tlpHint")}
					name="tlp"
					value={of.tlp}
					onValue={(tlp) => onValue({ ...of, tlp })}
					options={LEVELS.map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))}
					wrong={wrong("marking")}
				/>
			</div>
			<Failure error={error} fields={FIELDS} />
		</>
	);
}

const sent = (of: Written) => ({ reason: of.reason.trim(), contact: of.contact.trim(), until: fromInput(of.until) ?? "" });

function Place({ value: first, onClose }: { value: string; onClose: () => void }) {
	const [value, setValue] = useState(first);
	const [written, setWritten] = useState<Written>(() => ({ reason: "", contact: "", until: toInput(new Date(Date.now() + 30 * DAY_MS)), tlp: "amber" }));
	const sending = useSend();
	return (
		<Dialog title={t("hold.place")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async (key) => {
						const made = await hub.enterHold({ value: meant(value), ...sent(written), marking: { tlp: written.tlp as (typeof LEVELS)[number] } }, key);
						tell(t("hold.placed"));
						go(`/threats/holds/${made.id}`);
					});
				}}
			>
				<p class="note">{t("hold.placeAbout")}</p>
				<Input label={t("object.value")} hint={t("hold.valueHint")} name="value" value={value} onValue={setValue} required mono autocomplete="off" maxLength={2048} wrong={sending.error instanceof Refused ? sending.error.of("value") : undefined} />
				<WrittenFields of={written} onValue={setWritten} error={sending.error} />
				<div class="actions end">
					<button type="button" class="button" onClick={onClose}>
						{t("action.cancel")}
					</button>
					<button type="submit" class="button primary" disabled={sending.busy}>
						{t("hold.place")}
					</button>
				</div>
			</form>
		</Dialog>
	);
}

function Change({ hold, etag, onClose, onDone }: { hold: Hold; etag: string | null; onClose: () => void; onDone: () => void }) {
	const [written, setWritten] = useState<Written>(() => ({ reason: hold.reason, contact: hold.contact, until: toInput(parseTime(hold.until) ?? new Date()), tlp: hold.marking.tlp ?? "amber" }));
	const sending = useSend();
	return (
		<Dialog title={t("hold.change")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending
						.send(async (key) => {
							await hub.changeHold(hold.id, { ...sent(written), marking: { ...hold.marking, tlp: written.tlp as (typeof LEVELS)[number] } }, etag, key);
							tell(t("saved"));
							onClose();
						})
						.then(onDone);
				}}
			>
				<p class="value">{hold.value}</p>
				<WrittenFields of={written} onValue={setWritten} error={sending.error} />
				<div class="actions end">
					<button type="button" class="button" onClick={onClose}>
						{t("action.cancel")}
					</button>
					<button type="submit" class="button primary" disabled={sending.busy}>
						{t("action.save")}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
