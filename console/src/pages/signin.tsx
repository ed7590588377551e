// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useState } from "preact/hooks";
import { t } from "../lang/text";
import { language } from "../preferences";
import { ended, passkeysWork, sessions, signIn, signInByPasskey } from "../session";
import { Failure } from "../ui/failure";
import { Input } from "../ui/field";
import { Icon } from "../ui/icon";
import { useSend } from "../ui/load";
import { Tower } from "../shell/app";

export function SignIn() {
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const [code, setCode] = useState("");
	const byPassword = useSend();
	const byKey = useSend();
	useEffect(() => {
		document.title = `${t("signin.title")} · Hinomi`;
	});
	return (
		<main class="gate">
			<div class="row between">
				<span class="brand">
					<Tower />
					Hinomi <small>火の見</small>
				</span>
				<div class="top-language">
					<button type="button" class="button" lang={language.value === "ja" ? "en" : "ja"} onClick={() => (language.value = language.value === "ja" ? "en" : "ja")}>
						{language.value === "ja" ? "English" : "日本語"}
					</button>
				</div>
			</div>
			<div class="card">
				<h1 tabIndex={-1}>{t("signin.title")}</h1>
				{ended.value && (
					<p class="alert warn" role="status">
						{t("signin.ended")}
					</p>
				)}
				{passkeysWork() && sessions.value && (
					<>
						<button type="button" class="button" disabled={byKey.busy} onClick={() => void byKey.send(() => signInByPasskey(login.trim()))}>
							<Icon name="key" />
							{t("signin.passkey")}
						</button>
						{byKey.error ? <PasskeyFailure error={byKey.error} /> : null}
						<span class="or">{t("signin.or")}</span>
					</>
				)}
				<form
					class="form"
					onSubmit={(event) => {
						event.preventDefault();
						void byPassword.send(() => signIn(login.trim(), password, code.trim()));
					}}
				>
					<Input label={t("signin.login")} name="login" value={login} onValue={setLogin} autocomplete="username webauthn" required autofocus maxLength={128} />
					<Input label={t("signin.password")} name="password" type="password" value={password} onValue={setPassword} autocomplete="current-password" required maxLength={1024} />
					<Input
						label={t("signin.code")}
						hint={t("signin.codeHint")}
						name="code"
						value={code}
						onValue={setCode}
						autocomplete="one-time-code"
						inputMode="numeric"
						pattern="[0-9]{6}"
						maxLength={6}
						mono
					/>
					<Failure error={byPassword.error} brief />
					<button type="submit" class="button primary" disabled={byPassword.busy}>
						{byPassword.busy ? t("signin.busy") : t("signin.do")}
					</button>
				</form>
			</div>
			<p class="small soft">{t("signin.watched")}</p>
		</main>
	);
}

/** The browser's own refusals have no words that help; the hub's have. */
function PasskeyFailure({ error }: { error: unknown }) {
	if (error instanceof DOMException) return <p class="alert warn">{t("signin.passkeyNot")}</p>;
	return <Failure error={error} brief />;
}
