// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import { t, word } from "../lang/text";
import { fromInput, toInput } from "../model/format";
import { language } from "../preferences";
import { go } from "../shell/router";
import { me } from "../session";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Area, Input, Select } from "../ui/field";
import { Load, useLoad, useSend } from "../ui/load";
import { tell } from "../ui/toast";

const FIELDS = ["act", "reason", "valid_until"] as const;

/** Proposes an indicator for a set; then the page of the proposal shows what it would hit. */
export function ProposeDialog({ object, title, onClose }: { object: string; title: string; onClose: () => void }) {
	const sets = useLoad(async (signal) => (await hub.sets(signal)).rows.filter((one) => one.organisation === me.value?.organisation), []);
	const [chosen, setChosen] = useState("");
	const [until, setUntil] = useState(() => toInput(new Date(Date.now() + 90 * 86_400_000)));
	const [act, setAct] = useState("");
	const [reason, setReason] = useState("");
	const sending = useSend();
	const wrong = (field: (typeof FIELDS)[number]) => (sending.error instanceof Refused ? sending.error.of(field) : undefined);
	return (
		<Dialog title={t("propose.title")} onClose={onClose}>
			<Load of={sets}>
				{(all) => {
					const set = all.find((one) => one.id === chosen) ?? all[0];
					if (!set) return <p class="alert">{t("propose.noSets")}</p>;
					return (
						<form
							class="form"
							onSubmit={(event) => {
								event.preventDefault();
								void sending.send(async (key) => {
									const made = await hub.propose(
										set.id,
										{
											object,
											propose: true,
											...(reason.trim() ? { reason: reason.trim() } : {}),
											...(act.trim() ? { act: act.trim() } : {}),
											...(fromInput(until) ? { valid_until: fromInput(until) } : {}),
										},
										key,
									);
									tell(t("propose.done", { n: made.entry_count }));
									onClose();
									go(`/threats/sets/${set.id}/approvals/${made.id}`);
								});
							}}
						>
							<p class="value">{title}</p>
							<Select
								label={t("propose.set")}
								name="set"
								value={set.id}
								onValue={setChosen}
								options={all.map((one) => ({ value: one.id, label: `${one.names[language.value]} (${word("action", one.action)}, TLP:${(one.marking.tlp ?? "").toUpperCase()})` }))}
							/>
							<p class="small soft">{t("propose.persons", { n: set.persons })}</p>
							<Input label={t("approval.until")} hint={t("propose.untilHint")} name="until" type="datetime-local" value={until} onValue={setUntil} wrong={wrong("valid_until")} />
							{set.action === "select" && <Input label={t("approval.act")} hint={t("propose.actHint")} name="act" value={act} onValue={setAct} required maxLength={127} wrong={wrong("act")} />}
							<Area label={t("approval.reason")} name="reason" rows={3} value={reason} onValue={setReason} maxLength={2000} wrong={wrong("reason")} />
							<Failure error={sending.error} fields={FIELDS} />
							<div class="actions end">
								<button type="button" class="button" onClick={onClose}>
									{t("action.cancel")}
								</button>
								<button type="submit" class="button primary" disabled={sending.busy}>
									{t("propose.do")}
								</button>
							</div>
						</form>
					);
				}}
			</Load>
		</Dialog>
	);
}
