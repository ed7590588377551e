// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Me, Token, TokenNew } from "../api/schema";
import { t, word } from "../lang/text";
import { me } from "../session";
import { Tlp } from "../ui/badge";
import { Confirm } from "../ui/confirm";
import { Copy } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { Failure } from "../ui/failure";
import { Checks, Input, Moment, Select } from "../ui/field";
import { FormEnd, RowActions, wrongOf } from "../ui/form";
import { Load, useLoad, useSend } from "../ui/load";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { words } from "./organisation_edit";

const SCOPES: readonly Me["scopes"][number][] = ["read", "write", "approve", "hold", "manage", "audit", "edge"];
const FIELDS = ["title", "scopes", "use", "tlp_max", "expires", "certificate"];

/** Tokens and certificates of an organisation's machines; never the secrets. */
export function Machines({ organisation }: { organisation: string }) {
	const [making, setMaking] = useState(false);
	const [removing, setRemoving] = useState<Token | null>(null);
	const loaded = useLoad(
		async (signal) => {
			const found = await hub.all(async (cursor) => {
				const page = await hub.allTokens(cursor, signal);
				return { rows: page.tokens, next: page.next };
			});
			return found.rows.filter((one) => one.organisation === organisation && !one.person);
		},
		[organisation],
	);
	return (
		<section class="card">
			<div class="card-head">
				<h2>{t("machines.title")}</h2>
				<button type="button" class="button quiet" onClick={() => setMaking(true)}>
					{t("action.add")}
					<span class="hidden"> {t("machines.title")}</span>
				</button>
			</div>
			<Load of={loaded}>
				{(rows) => (
					<Table<Token>
						caption={t("machines.title")}
						quiet
						rows={rows}
						id={(row) => row.id}
						empty={<p>{t("none")}</p>}
						columns={[
							{ key: "title", label: t("directory.name"), head: true, show: (row) => row.title },
							{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => word("credential", row.kind) },
							{ key: "scopes", label: t("machines.scopes"), show: (row) => (row.scopes ?? []).map((one) => word("scope", one)).join(t("list.comma")) },
							{ key: "use", label: t("machines.use"), show: (row) => word("use", row.use) },
							{ key: "tlp", label: t("organisation.tlpMax"), show: (row) => <Tlp level={row.tlp_max} /> },
							{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={row.expires} /> },
							{
								key: "change",
								label: t("action.change"),
								class: "tight",
								show: (row) => (
									<RowActions
										name={row.title ?? ""}
										onRemove={() => setRemoving(row)}
									/>
								),
							},
						]}
					/>
				)}
			</Load>
			{making && <MakeToken organisation={organisation} onClose={() => setMaking(false)} onDone={loaded.again} />}
			{removing && (
				<Confirm
					title={t("action.takeAway")}
					label={t("action.takeAway")}
					onClose={() => setRemoving(null)}
					act={async () => {
						await hub.removeToken(removing.id);
						tell(t("credential.removed"));
						loaded.again();
					}}
				>
					<p>{t("machines.removeAbout", { name: removing.title ?? "" })}</p>
				</Confirm>
			)}
		</section>
	);
}

function MakeToken({ organisation, onClose, onDone }: { organisation: string; onClose: () => void; onDone: () => void }) {
	const [one, setOne] = useState<TokenNew>({ title: "", scopes: ["read"], use: "own", tlp_max: "amber", machine: true, organisation, expires: new Date(Date.now() + 365 * 86_400_000).toISOString() });
	const [made, setMade] = useState<string | null>(null);
	const sending = useSend();
	const wrong = wrongOf(sending.error);
	const set = (part: Partial<TokenNew>) => setOne({ ...one, ...part });
	if (made !== null)
		return (
			<Dialog key="made" title={t("machines.made")} onClose={onClose}>
				<div class="stack">
					<p>{t("machines.once")}</p>
					<p class="secret">{made}</p>
					<div class="actions">
						<Copy text={made} label={t("copy.do")} />
					</div>
				</div>
			</Dialog>
		);
	return (
		<Dialog title={t("machines.add")} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const { token } = await hub.makeToken({ ...one, title: one.title.trim(), certificate: one.certificate?.trim() || undefined });
						onDone();
						if (token) setMade(token);
						else onClose();
					});
				}}
			>
				<Input label={t("directory.name")} name="title" value={one.title} onValue={(title) => set({ title })} required maxLength={40} wrong={wrong("title")} />
				<Checks legend={t("machines.scopes")} of={words("scope", SCOPES.filter((scope) => me.value?.scopes.includes(scope)))} chosen={one.scopes} onValue={(chosen) => set({ scopes: SCOPES.filter((scope) => chosen.includes(scope)) })} wrong={wrong("scopes")} />
				<div class="form-row">
					<Select label={t("machines.use")} name="use" value={one.use ?? "own"} onValue={(use) => set({ use: use as TokenNew["use"] })} options={words("use", ["own", "onward", "sets"])} wrong={wrong("use")} />
					<Select label={t("organisation.tlpMax")} name="tlp_max" value={one.tlp_max ?? "amber"} onValue={(tlp) => set({ tlp_max: tlp as TokenNew["tlp_max"] })} options={["clear", "green", "amber", "amber+strict", "red"].map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))} wrong={wrong("tlp_max")} />
				</div>
				<Moment label={t("set.expires")} name="expires" value={one.expires} onValue={(expires) => set({ expires })} wrong={wrong("expires")} />
				<Input label={t("machines.certificate")} hint={t("machines.certificateHint")} name="certificate" value={one.certificate ?? ""} onValue={(certificate) => set({ certificate })} mono maxLength={64} wrong={wrong("certificate")} />
				<Failure error={sending.error} fields={FIELDS} />
				<FormEnd onClose={onClose} busy={sending.busy} label={t("machines.add")} />
			</form>
		</Dialog>
	);
}
