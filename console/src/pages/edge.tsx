// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Edge, EdgeQuestion } from "../api/schema";
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { Confirm } from "../ui/confirm";
import { Failure } from "../ui/failure";
import { Input, Select } from "../ui/field";
import { Load, useLive, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Ago, Time } from "../ui/time";
import { tell } from "../ui/toast";
import { EdgeAnswer } from "./edge_answer";
import { EdgeHeads, HealthFacts } from "./edge_health";
import { EdgeState, Events, keepsEdges, Receipts } from "./edges";

/** One sensor or resolver: how it is, what it has in force, what it reports. */
export function EdgePage({ id }: { id: string }) {
	const loaded = useLoad((signal) => hub.edge(id, signal), [id]);
	const [revoking, setRevoking] = useState(false);
	useLive(loaded.again, undefined, 3000);
	return (
		<Load of={loaded}>
			{({ value: edge, etag }) => (
				<Page
					crumbs={<Link to="/edges">{t("section.edges")}</Link>}
					title={edge.names[language.value]}
					about={
						<span class="row">
							<EdgeState edge={edge} />
							{word("edgeKind", edge.kind)}
							<OrganisationName id={edge.organisation} />
						</span>
					}
					actions={
						keepsEdges() &&
						edge.state === "enrolled" && (
							<button type="button" class="button danger" onClick={() => setRevoking(true)}>
								{t("edge.revoke")}
							</button>
						)
					}
				>
					<div class="halves">
						<section class="card">
							<h2>{t("edge.health")}</h2>
							<dl class="facts">
								<dt>{t("edge.last")}</dt>
								<dd>{edge.health_at ? <Ago value={edge.health_at} /> : t("edge.never")}</dd>
								<dt>{t("edge.program")}</dt>
								<dd>{edge.program}</dd>
								<dt>{t("edge.enrolled")}</dt>
								<dd>
									<Time value={edge.enrolled} both />
								</dd>
								<dt>{t("edge.certificate")}</dt>
								<dd>
									<Time value={edge.certificate_until} both />
								</dd>
								{edge.revoked && (
									<>
										<dt>{word("edgeState", "revoked")}</dt>
										<dd>
											<Time value={edge.revoked} both />
										</dd>
									</>
								)}
								<HealthFacts health={edge.health ?? {}} />
							</dl>
						</section>
						<section class="card">
							<h2>{t("edge.streams")}</h2>
							<Table
								caption={t("edge.streamsAbout")}
								rows={Object.entries(edge.streams)}
								id={([name]) => name}
								empty={<p>{t("none")}</p>}
								columns={[
									{ key: "name", label: t("edge.stream"), head: true, show: ([name]) => word("stream", name) },
									{ key: "through", label: t("edge.through"), class: "number", show: ([, one]) => number(one.through, language.value) },
									{ key: "gave", label: t("edge.gaveWay"), class: "number", show: ([, one]) => number(one.gave_way, language.value) },
									{ key: "at", label: t("approval.when"), class: "tight", show: ([, one]) => <Ago value={one.at} /> },
								]}
							/>
						</section>
					</div>
					<section class="card">
						<h2>{t("health.heads")}</h2>
						<EdgeHeads health={edge.health ?? {}} />
					</section>
					{edge.kind === "resolver" && edge.state === "enrolled" && <Questions edge={edge} />}
					<section class="card">
						<h2>{edge.kind === "sensor" ? t("edges.tab.receipts") : t("edges.tab.events")}</h2>
						{edge.kind === "sensor" ? <Receipts query={{ edge: id }} /> : <Events query={{ edge: id }} />}
					</section>
					{revoking && (
						<Confirm
							title={t("edge.revoke")}
							label={t("edge.revoke")}
							onClose={() => setRevoking(false)}
							act={async (key) => {
								await hub.revokeEdge(id, etag, key);
								tell(t("edge.revoked"));
								loaded.again();
							}}
						>
							<p>{t("edge.revokeAbout", { name: edge.names[language.value] })}</p>
						</Confirm>
					)}
				</Page>
			)}
		</Load>
	);
}

/** Asks a resolver what it would do with a name, or for its numbers. */
function Questions({ edge }: { edge: Edge }) {
	const [ask, setAsk] = useState<EdgeQuestion["ask"]>("explain");
	const [name, setName] = useState("");
	const [waiting, setWaiting] = useState<string | null>(null);
	const [answer, setAnswer] = useState<EdgeQuestion | null>(null);
	const sending = useSend();
	useEffect(() => {
		if (!waiting) return undefined;
		const control = new AbortController();
		let timer: ReturnType<typeof setTimeout>;
		const look = async () => {
			try {
				const got = await hub.edgeAnswer(edge.id, waiting, control.signal);
				if (got.answered || new Date(got.until) < new Date()) {
					setAnswer(got);
					setWaiting(null);
					return;
				}
			} catch {
				if (control.signal.aborted) return;
			}
			timer = setTimeout(() => void look(), 700);
		};
		void look();
		return () => {
			control.abort();
			clearTimeout(timer);
		};
	}, [waiting]);
	return (
		<section class="card stack">
			<h2>{t("question.title")}</h2>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					setAnswer(null);
					void sending.send(async () => setWaiting((await hub.askEdge(edge.id, { ask, ...(ask === "explain" ? { arguments: { name: name.trim() } } : {}) })).id));
				}}
			>
				<div class="form-row">
					<Select label={t("question.ask")} name="ask" value={ask} onValue={(value) => setAsk(value as EdgeQuestion["ask"])} options={(["explain", "statistics", "sketch"] as const).map((value) => ({ value, label: word("ask", value) }))} />
					{ask === "explain" && <Input label={t("question.name")} name="name" value={name} onValue={setName} required mono maxLength={253} />}
				</div>
				<Failure error={sending.error} />
				<div class="actions">
					<button type="submit" class="button" disabled={sending.busy || waiting !== null}>
						{waiting ? t("question.waiting") : t("question.do")}
					</button>
				</div>
			</form>
			<div role="status">
				{answer &&
					(answer.answered ? (
						<EdgeAnswer ask={answer.ask} answer={answer.answer} />
					) : (
						<p class="alert warn">{t("question.none")}</p>
					))}
			</div>
		</section>
	);
}
