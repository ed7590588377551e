// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { placeOf, Refused, Unreachable } from "../api/problem";
import { t, word } from "../lang/text";
import { Link } from "../shell/router";
import { clause } from "./field";

export function messageOf(error: unknown): string {
	if (error instanceof Refused) return error.problem.detail ?? error.problem.title;
	if (error instanceof Unreachable) return t("error.unreachable");
	return t("error.unknown");
}

/** What the hub refused, and why; `fields` say theirs themselves. */
export function Failure({ error, fields = [], again, brief }: { error: unknown; fields?: readonly string[]; again?: () => void; brief?: boolean }) {
	if (!error) return null;
	const refused = error instanceof Refused ? error : undefined;
	if (refused?.word === "second-factor")
		return (
			<p class="alert warn" role="alert">
				{t("error.secondFactor")} <Link to="/account">{t("account.title")}</Link>
			</p>
		);
	const besides = refused?.besides(fields) ?? [];
	return (
		<div class="alert hot" role="alert">
			{!brief && (
				<p>
					<strong>{refused ? refused.problem.title : t("error.title")}</strong>
				</p>
			)}
			{(brief || messageOf(error) !== refused?.problem.title) && <p>{messageOf(error)}</p>}
			{besides.length > 0 && (
				<ul>
					{besides.map((one) => (
						<li key={placeOf(one)}>{clause(word("field", placeOf(one).split("/")[0] ?? ""), one.detail)}</li>
					))}
				</ul>
			)}
			{refused?.retryAfter && <p>{t("error.retry", { n: refused.retryAfter })}</p>}
			{refused?.requestId && (
				<p class="small soft">
					{t("error.request")} <span class="mono">{refused.requestId}</span>
				</p>
			)}
			{again && (
				<p>
					<button type="button" class="button quiet" onClick={again}>
						{t("action.again")}
					</button>
				</p>
			)}
		</div>
	);
}

const PASSKEY = { NotAllowedError: "passkey.notUsed", AbortError: "passkey.notUsed", InvalidStateError: "passkey.already", SecurityError: "passkey.place", NotSupportedError: "passkey.unfit", ConstraintError: "passkey.unfit" } as const;

/** What a browser says against a passkey has no words that help; the hub's have. */
export function PasskeyFailure({ error, fields }: { error: unknown; fields?: readonly string[] }) {
	if (!(error instanceof DOMException)) return <Failure error={error} fields={fields} />;
	const key = error.name in PASSKEY ? PASSKEY[error.name as keyof typeof PASSKEY] : "passkey.notUsed";
	return (
		<p class="alert warn" role="alert">
			{t(key)}
		</p>
	);
}
