// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import { makePasskey, passkeysWork } from "../api/passkeys";
import { Refused } from "../api/problem";
import type { Token, Totp } from "../api/schema";
import { t, word } from "../lang/text";
import { lookUp } from "../names";
import { Page } from "../shell/page";
import { me, sessions, signOut } from "../session";
import { Looks } from "../shell/app";
import { Badge, Tlp } from "../ui/badge";
import { Confirm } from "../ui/confirm";
import { Failure, PasskeyFailure } from "../ui/failure";
import { Input } from "../ui/field";
import { Icon } from "../ui/icon";
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
				{passkeysWork() && sessions.value && <Passkeys />}
				<Password />
				<SecondFactor />
			</div>
			<section class="card">
				<h2>{t("account.credentials")}</h2>
				<Credentials person={who.account} without={passkeysWork() && sessions.value ? "passkey" : undefined} />
			</section>
		</Page>
	);
}

/** Keys of this device or of a stick: they sign in by themselves, and nothing of them can be given away on a false page. */
function Passkeys() {
	const loaded = useLoad((signal) => hub.passkeys(signal), []);
	const [title, setTitle] = useState("");
	const [removing, setRemoving] = useState<Token | null>(null);
	const sending = useSend();
	const name = (one: Token) => one.title ?? t("passkey.nameless");
	return (
		<section class="card stack">
			<h2>{t("passkey.title")}</h2>
			<p class="note">{t("passkey.about")}</p>
			<Load of={loaded}>
				{({ passkeys }) => (
					<Table<Token>
						caption={t("passkey.title")}
						quiet
						rows={passkeys}
						id={(row) => row.id}
						empty={<p>{t("passkey.none")}</p>}
						columns={[
							{ key: "title", label: t("directory.name"), head: true, show: name },
							{ key: "created", label: t("credential.created"), class: "tight", show: (row) => <Time value={row.created} /> },
							{
								key: "remove",
								label: t("action.remove"),
								class: "tight",
								bare: true,
								show: (row) => (
									<button type="button" class="button quiet" onClick={() => setRemoving(row)}>
										{t("action.remove")}
										<span class="hidden"> {name(row)}</span>
									</button>
								),
							},
						]}
					/>
				)}
			</Load>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void sending.send(async () => {
						const made = await makePasskey(await hub.passkeyOptions());
						await hub.addPasskey({ ...made, title: title.trim() });
						tell(t("passkey.added"));
						setTitle("");
						loaded.again();
					});
				}}
			>
				<Input label={t("passkey.name")} hint={t("passkey.nameHint")} name="passkey" value={title} onValue={setTitle} required maxLength={64} wrong={sending.error instanceof Refused ? sending.error.of("title") : undefined} />
				{sending.error instanceof Refused && sending.error.status === 409 ? (
					<p class="alert warn" role="alert">
						{t("passkey.already")}
					</p>
				) : (
					<PasskeyFailure error={sending.error} fields={["title"]} />
				)}
				<div class="actions">
					<button type="submit" class="button" disabled={sending.busy}>
						<Icon name="key" />
						{sending.busy ? t("passkey.waiting") : t("passkey.add")}
					</button>
				</div>
			</form>
			{removing && (
				<Confirm
					title={t("passkey.remove")}
					label={t("action.remove")}
					onClose={() => setRemoving(null)}
					act={async () => {
						await hub.removePasskey(removing.id);
						tell(t("passkey.removed"));
						loaded.again();
					}}
				>
					<p>{t("passkey.removeAbout", { name: name(removing) })}</p>
				</Confirm>
			)}
		</section>
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
export function Credentials({ person, without }: { person: string; without?: Token["kind"] }) {
	const loaded = useLoad((signal) => hub.tokens(person, signal), [person]);
	const [removing, setRemoving] = useState<Token | null>(null);
	const kind = (row: Token) => (row.session ? t("credential.session") : word("credential", row.kind));
	return (
		<Load of={loaded}>
			{(page) => (
				<>
					<Table<Token>
						caption={t("account.credentials")}
						quiet
						rows={page.tokens.filter((one) => one.kind !== without)}
						id={(row) => row.id}
						empty={<p>{t("none")}</p>}
						columns={[
							{ key: "kind", label: t("directory.kind"), head: true, show: kind },
							{ key: "title", label: t("directory.name"), show: (row) => [row.session ? word("credential", row.title ?? "") : row.title, row.prefix && `${row.prefix}…`].filter(Boolean).join(" ") },
							{ key: "created", label: t("credential.created"), class: "tight", show: (row) => <Time value={row.created} /> },
							{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={row.expires} /> },
							{
								key: "remove",
								label: t("action.remove"),
								class: "tight",
								bare: true,
								show: (row) => (
									<button type="button" class="button quiet" onClick={() => setRemoving(row)}>
										{t("action.remove")}
										<span class="hidden"> {row.title ?? kind(row)}</span>
									</button>
								),
							},
						]}
					/>
					{removing && (
						<Confirm
							title={t("credential.remove")}
							label={t("action.remove")}
							onClose={() => setRemoving(null)}
							act={async () => {
								await hub.removeToken(removing.id);
								tell(t("credential.removed"));
								loaded.again();
							}}
						>
							<p>{t("credential.removeAbout", { name: [kind(removing), removing.title].filter(Boolean).join(" ") })}</p>
						</Confirm>
					)}
				</>
			)}
		</Load>
	);
}
