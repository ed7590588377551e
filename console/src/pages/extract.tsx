// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { HandinResult } from "../api/schema";
import { forgetKept, useKept } from "../kept";
import { t, word } from "../lang/text";
import { bundleOf, type Bundle, type PapLevel, type TlpLevel } from "../model/bundle";
import { extract, FOUND_MAX, TEXT_MAX, type Found } from "../model/extract";
import { fromInput, parseTime, toInput } from "../model/format";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { Badge } from "../ui/badge";
import { Failure } from "../ui/failure";
import { Area, Check, Checks, Input, Select } from "../ui/field";
import { useSend } from "../ui/load";
import { Table } from "../ui/table";
import { tell } from "../ui/toast";

const KINDS = ["malicious-activity", "anomalous-activity", "compromised", "attribution", "benign"] as const;
const idOf = (one: Found) => `${one.kind} ${one.value}`;

/** Paste what somebody wrote; take out what is meant; look at it; hand it in. */
export function Extract() {
	const [text, setText] = useKept("extract.text", "");
	const [found, setFound] = useKept<Found[] | null>("extract.found", null);
	const [left, setLeft] = useKept<ReadonlySet<string>>("extract.left", new Set());
	const [known, setKnown] = useState<ReadonlyMap<string, string | null>>(new Map());
	const [bundle, setBundle] = useState<Bundle | null>(null);
	const [result, setResult] = useState<{ result: HandinResult; bundle: Bundle } | null>(null);
	const looking = useRef<AbortController>();
	const review = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		if (found) void look(found);
		return () => looking.current?.abort();
	}, []);

	const look = async (all: readonly Found[]) => {
		looking.current?.abort();
		const control = new AbortController();
		looking.current = control;
		for (const one of all.slice(0, 200)) {
			try {
				const page = await hub.search("value", one.value, undefined, control.signal, 1);
				setKnown((old) => new Map(old).set(idOf(one), page.objects[0]?.object.id ?? null));
			} catch {
				if (control.signal.aborted) return;
			}
		}
	};
	const read = () => {
		const all = extract(text);
		setFound(all);
		setLeft(new Set(all.filter((one) => one.doubt).map(idOf)));
		setKnown(new Map());
		setBundle(null);
		setResult(null);
		void look(all);
		requestAnimationFrame(() => review.current?.focus());
	};
	const chosen = (found ?? []).filter((one) => !left.has(idOf(one)));
	const mark = (one: Found, on: boolean) => {
		const next = new Set(left);
		if (on) next.delete(idOf(one));
		else next.add(idOf(one));
		setLeft(next);
		setBundle(null);
	};
	return (
		<Page crumbs={<Link to="/threats">{t("section.threats")}</Link>} title={t("extract.title")} about={t("extract.about")}>
			<section class="card">
				<form
					class="form"
					onSubmit={(event) => {
						event.preventDefault();
						read();
					}}
				>
					<Area label={t("extract.text")} hint={t("extract.textHint")} name="text" class="paste" value={text} onValue={setText} maxLength={TEXT_MAX} rows={10} />
					<div class="actions">
						<button type="submit" class="button primary" disabled={!text.trim()}>
							{t("extract.do")}
						</button>
						<span class="small soft">{t("extract.private")}</span>
					</div>
				</form>
			</section>
			{found && (
				<section class="card">
					<h2 tabIndex={-1} ref={review}>
						{t("extract.review", { n: found.length, chosen: chosen.length })}
					</h2>
					{found.length >= FOUND_MAX && <p class="alert warn">{t("extract.cut", { n: FOUND_MAX })}</p>}
					<Table
						caption={t("extract.caption")}
						keys
						rows={found}
						id={idOf}
						empty={<p>{t("extract.nothing")}</p>}
						columns={[
							{
								key: "take",
								label: t("extract.take"),
								class: "tight",
								show: (one) => <Check label={<span class="hidden">{t("extract.takeOne", { value: one.value })}</span>} checked={!left.has(idOf(one))} onValue={(on) => mark(one, on)} />,
							},
							{
								key: "value",
								label: t("object.value"),
								head: true,
								show: (one) => (
									<div>
										<span class="value">{one.value}</span>
										{one.written !== one.value && (
											<div class="small soft">
												{t("extract.written")} <span class="value">{one.written}</span>
											</div>
										)}
									</div>
								),
							},
							{ key: "kind", label: t("object.type"), class: "tight", show: (one) => <Badge>{t(`value.${one.kind}`)}</Badge> },
							{
								key: "notes",
								label: t("extract.notes"),
								show: (one) => {
									const at = known.get(idOf(one));
									return (
										<span class="row">
											{one.doubt && <Badge tone="warn">{t(`doubt.${one.doubt}`)}</Badge>}
											{at ? (
												<Link to={`/threats/objects/${at}`}>{t("extract.known")}</Link>
											) : at === null ? (
												<Badge tone="good">{t("extract.new")}</Badge>
											) : null}
											{one.times > 1 && <span class="small soft">{t("extract.times", { n: one.times })}</span>}
										</span>
									);
								},
							},
							{ key: "around", label: t("extract.around"), show: (one) => <span class="around">{one.around}</span> },
						]}
					/>
				</section>
			)}
			{found && found.length > 0 && !result && <HandInForm chosen={chosen} bundle={bundle} onBundle={setBundle} onDone={setResult} />}
			{result && <Done result={result.result} bundle={result.bundle} />}
		</Page>
	);
}

interface FormProps {
	chosen: readonly Found[];
	bundle: Bundle | null;
	onBundle: (bundle: Bundle | null) => void;
	onDone: (done: { result: HandinResult; bundle: Bundle }) => void;
}

function HandInForm({ chosen, bundle, onBundle, onDone }: FormProps) {
	const [title, setTitle] = useKept("extract.title", "");
	const [description, setDescription] = useKept("extract.description", "");
	const [tlp, setTlp] = useKept<TlpLevel>("extract.tlp", "amber");
	const [pap, setPap] = useKept<PapLevel>("extract.pap", "green");
	const [confidence, setConfidence] = useKept("extract.confidence", "70");
	const [until, setUntil] = useState(() => toInput(new Date(Date.now() + 180 * 86_400_000)));
	const [types, setTypes] = useKept<string[]>("extract.types", ["malicious-activity"]);
	const [tried, setTried] = useState<HandinResult | null>(null);
	const sending = useSend();
	const changed = <T,>(set: (value: T) => void) => (value: T) => {
		set(value);
		onBundle(null);
		setTried(null);
	};
	const untilTime = useMemo(() => parseTime(fromInput(until)), [until]);
	const percent = Number(confidence);
	const wrong = {
		confidence: /^\d{1,3}$/.test(confidence) && percent <= 100 ? undefined : t("extract.confidenceWrong"),
		until: untilTime && untilTime < new Date() ? t("extract.untilWrong") : undefined,
	};
	return (
		<section class="card">
			<h2>{t("extract.handIn")}</h2>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					if (wrong.confidence || wrong.until) return;
					void sending.send(async () => {
						// The same bundle is tried first and handed in then; sent twice it is the same objects.
						const made =
							bundle ??
							bundleOf({ values: chosen, title: title.trim(), description: description.trim(), tlp, pap, confidence: percent, until: untilTime, types }, new Date(), (bytes) => crypto.getRandomValues(bytes));
						if (!bundle) {
							setTried(await hub.handIn(made, true));
							onBundle(made);
							return;
						}
						const result = await hub.handIn(made, false);
						tell(t("extract.done", { n: result.new }));
						forgetKept("extract.");
						onDone({ result, bundle: made });
					});
				}}
			>
				<Input label={t("extract.name")} hint={t("extract.nameHint")} name="title" value={title} onValue={changed(setTitle)} maxLength={500} />
				<Area label={t("extract.description")} name="description" rows={3} value={description} onValue={changed(setDescription)} maxLength={4000} />
				<div class="form-row">
					<Select
						label="TLP"
						hint={t("extract.tlpHint")}
						name="tlp"
						value={tlp}
						onValue={(value) => changed(setTlp)(value as TlpLevel)}
						options={(["clear", "green", "amber", "amber+strict", "red"] as const).map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))}
					/>
					<Select
						label="PAP"
						hint={t("extract.papHint")}
						name="pap"
						value={pap}
						onValue={(value) => changed(setPap)(value as PapLevel)}
						options={(["clear", "green", "amber", "red"] as const).map((value) => ({ value, label: `PAP:${value.toUpperCase()}` }))}
					/>
					<Input label={t("extract.confidence")} hint={t("extract.confidenceHint")} name="confidence" inputMode="numeric" value={confidence} onValue={changed(setConfidence)} wrong={wrong.confidence} maxLength={3} />
					<Input label={t("approval.until")} hint={t("extract.untilHint")} name="until" type="datetime-local" value={until} onValue={changed(setUntil)} wrong={wrong.until} />
				</div>
				<Checks legend={t("extract.kinds")} of={KINDS.map((value) => ({ value, label: word("indicator", value) }))} chosen={types} onValue={changed(setTypes)} />
				<Failure error={sending.error} />
				{tried && bundle && <Tried result={tried} />}
				<div class="actions">
					<button type="submit" class="button primary" disabled={sending.busy || chosen.length === 0}>
						{bundle ? t("extract.send", { n: chosen.length }) : t("extract.try", { n: chosen.length })}
					</button>
				</div>
			</form>
		</section>
	);
}

function Tried({ result }: { result: HandinResult }) {
	return (
		<div class={`alert ${result.failed ? "warn" : "good"}`} role="status">
			<p>{t("extract.tried", { objects: result.objects, fresh: result.new, same: result.same, failed: result.failed })}</p>
			{result.failures.length > 0 && (
				<ul>
					{result.failures.map((one) => (
						<li key={`${one.index} ${one.pointer}`}>
							<span class="value">{one.id || one.index}</span> {one.pointer}: {one.detail}
						</li>
					))}
				</ul>
			)}
		</div>
	);
}

function Done({ result, bundle }: { result: HandinResult; bundle: Bundle }) {
	return (
		<section class="card stack">
			<h2>{t("extract.handedIn")}</h2>
			<Tried result={result} />
			<ul class="stack tight">
				{bundle.objects.slice(0, 200).map((one) => (
					<li key={String(one.id)}>
						<Badge>{word("type", String(one.type))}</Badge> <Link to={`/threats/objects/${String(one.id)}`}>{String(one.name)}</Link>
					</li>
				))}
			</ul>
			<p class="note">{t("extract.next")}</p>
		</section>
	);
}
