// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useRef, useState } from "preact/hooks";
import { passkeysWork } from "../api/passkeys";
import { Refused } from "../api/problem";
import { t } from "../lang/text";
import { language } from "../preferences";
import { begin, sessions, signIn, signInByPasskey, why } from "../session";
import { Failure, PasskeyFailure } from "../ui/failure";
import { Input } from "../ui/field";
import { Icon } from "../ui/icon";
import { useSend } from "../ui/load";
import { Tower } from "../shell/app";

export function SignIn() {
	useEffect(() => {
		document.title = `${t("signin.title")} · Hinomi`;
	});
	return (
		<main class="gate">
			<Gate />
		</main>
	);
}

/** Over a page whose session ended: it is not to be seen, but what was written there is kept. */
export function SignInAgain() {
	const dialog = useRef<HTMLDialogElement>(null);
	const show = () => {
		if (dialog.current?.isConnected && !dialog.current.open) dialog.current.showModal();
	};
	useEffect(() => {
		show();
		return () => dialog.current?.close();
	}, []);
	return (
		<dialog ref={dialog} class="gate over" aria-label={t("signin.title")} onCancel={(event) => event.preventDefault()} onClose={show}>
			<Gate />
		</dialog>
	);
}

function Gate() {
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const [code, setCode] = useState("");
	const byPassword = useSend();
	const byKey = useSend();
	return (
		<>
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
				{why.value && (
					<div class="alert warn" role="status">
						<p>{t(`signin.${why.value}`)}</p>
						{why.value === "away" && (
							<button type="button" class="button quiet" onClick={() => void begin()}>
								{t("action.again")}
							</button>
						)}
					</div>
				)}
				{passkeysWork() && sessions.value && (
					<>
						<button type="button" class="button" disabled={byKey.busy} onClick={() => void byKey.send(signInByPasskey)}>
							<Icon name="key" />
							{byKey.busy ? t("signin.busy") : t("signin.passkey")}
						</button>
						{byKey.error instanceof Refused && byKey.error.status === 401 ? (
							<p class="alert hot" role="alert">
								{t("passkey.refused")}
							</p>
						) : (
							<PasskeyFailure error={byKey.error} />
						)}
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
					<Input label={t("signin.login")} name="login" value={login} onValue={setLogin} autocomplete="username" required autofocus maxLength={128} />
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
		</>
	);
}
