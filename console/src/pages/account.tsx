// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { Refused } from "../api/problem";
import type { Totp } from "../api/schema";
import { t, word } from "../lang/text";
import { lookUp } from "../names";
import { Page } from "../shell/page";
import { me, signOut } from "../session";
import { Looks } from "../shell/app";
import { Badge, Tlp } from "../ui/badge";
import { Failure } from "../ui/failure";
import { Input } from "../ui/field";
import { Load, useLoad, useSend } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";

export function Account() {
	const who = me.value;
	if (!who) return null;
	return (
		<Page
			title={t("account.title")}
			about={lookUp("people", who.account)}
			actions={
				<button type="button" class="button" onClick={() => void signOut()}>
					{t("session.out")}
				</button>
			}
		>
			<div class="halves">
				<section class="card">
					<h2>{t("account.rights")}</h2>
					<dl class="facts">
						<dt>{t("set.organisation")}</dt>
						<dd>
							<OrganisationName id={who.organisation} />
						</dd>
						<dt>{t("person.roles")}</dt>
						<dd class="row">{who.roles.length ? who.roles.map((one) => <Badge key={one}>{word("role", one)}</Badge>) : t("none")}</dd>
						<dt>{t("person.clearance")}</dt>
						<dd>{word("clearanceLevel", who.clearance)}</dd>
						<dt>{t("organisation.tlpMax")}</dt>
						<dd>
							<Tlp level={who.tlp_max} />
						</dd>
					</dl>
				</section>
				<section class="card stack">
					<h2>{t("look.title")}</h2>
					<Looks />
				</section>
				<Password />
				<SecondFactor />
			</div>
			<section class="card">
				<h2>{t("account.credentials")}</h2>
				<Credentials person={who.account} />
			</section>
		</Page>
	);
}

function Password() {
	const [current, setCurrent] = useState("");
	const [next, setNext] = useState("");
	const sending = useSend();
	const at = (field: string) => (sending.error instanceof Refused ? sending.error.of(field) : undefined);
	return (
		<section class="card">
			<h2>{t("account.password")}</h2>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						await hub.changePassword({ current, new: next });
						tell(t("account.passwordDone"));
						setCurrent("");
						setNext("");
					});
				}}
			>
				<Input label={t("account.current")} name="current-password" type="password" value={current} onValue={setCurrent} required autocomplete="current-password" wrong={at("current")} />
				<Input label={t("person.newPassword")} hint={t("person.passwordHint")} name="new-password" type="password" value={next} onValue={setNext} required autocomplete="new-password" wrong={at("new")} />
				<Failure error={sending.error} fields={["current", "new"]} />
				<div class="actions">
					<button type="submit" class="button" disabled={sending.busy}>
						{t("account.change")}
					</button>
				</div>
			</form>
		</section>
	);
}

function SecondFactor() {
	const [begun, setBegun] = useState<Totp | null>(null);
	const [code, setCode] = useState("");
	const beginning = useSend();
	const confirming = useSend();
	return (
		<section class="card stack">
			<h2>{t("account.totp")}</h2>
			{!begun && (
				<>
					<p class="note">{t("account.totpAbout")}</p>
					<Failure error={beginning.error} />
					<div class="actions">
						<button type="button" class="button" disabled={beginning.busy} onClick={() => void beginning.send(async () => setBegun(await hub.beginTotp()))}>
							{t("account.totpBegin")}
						</button>
					</div>
				</>
			)}
			{begun && (
				<form
					class="form"
					onSubmit={(event) => {
						event.preventDefault();
						void confirming.send(async () => {
							await hub.confirmTotp({ pending: begun.pending, code });
							tell(t("account.totpDone"));
							setBegun(null);
							setCode("");
						});
					}}
				>
					<p>{t("account.totpSecret")}</p>
					<p class="secret">{begun.secret}</p>
					<p class="small soft value">{begun.uri}</p>
					<Input label={t("signin.code")} name="code" value={code} onValue={setCode} required inputMode="numeric" pattern="[0-9]{6}" maxLength={6} mono autocomplete="one-time-code" wrong={confirming.error instanceof Refused ? confirming.error.of("code") : undefined} />
					<Failure error={confirming.error} fields={["code"]} />
					<div class="actions">
						<button type="submit" class="button primary" disabled={confirming.busy}>
							{t("account.totpConfirm")}
						</button>
					</div>
				</form>
			)}
		</section>
	);
}

/** What somebody signs in with; never the secrets. */
export function Credentials({ person }: { person: string }) {
	const loaded = useLoad((signal) => hub.tokens(person, signal), [person]);
	const sending = useSend();
	return (
		<Load of={loaded}>
			{(page) => (
				<>
					<Failure error={sending.error} />
					<Table
						caption={t("account.credentials")}
						quiet
						rows={page.tokens}
						id={(row) => row.id}
						empty={<p>{t("none")}</p>}
						columns={[
							{ key: "kind", label: t("directory.kind"), head: true, show: (row) => (row.session ? t("credential.session") : word("credential", row.kind)) },
							{ key: "title", label: t("directory.name"), show: (row) => [row.title, row.prefix && `${row.prefix}…`].filter(Boolean).join(" ") },
							{ key: "created", label: t("credential.created"), class: "tight", show: (row) => <Time value={row.created} /> },
							{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={row.expires} /> },
							{
								key: "remove",
								label: t("action.remove"),
								class: "tight",
								show: (row) => (
									<button
										type="button"
										class="button quiet"
										disabled={sending.busy}
										onClick={() =>
											void sending.send(async () => {
												await hub.removeToken(row.id);
												tell(t("credential.removed"));
												loaded.again();
											})
										}
									>
										{t("action.remove")}
										<span class="hidden"> {row.title ?? word("credential", row.kind)}</span>
									</button>
								),
							},
						]}
					/>
				</>
			)}
		</Load>
	);
}
