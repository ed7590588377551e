// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Organisation, Person } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf } from "../names";
import { me } from "../session";
import { Select } from "../ui/field";
import { Load, useLoad } from "../ui/load";

/** Who may see an object and why, rule by rule, as the hub decides it. */
export function Explain({ id }: { id: string }) {
	const [whom, setWhom] = useState("me");
	const known = useLoad(async (signal): Promise<{ organisations: Organisation[]; people: Person[] }> => {
		const quiet = <T,>(asked: Promise<T>, otherwise: T) => asked.catch(() => otherwise);
		const [organisations, people] = await Promise.all([
			quiet(hub.organisations(undefined, signal), { organisations: [] }),
			quiet(hub.people(undefined, undefined, signal), { people: [] }),
		]);
		return { organisations: organisations.organisations, people: people.people };
	}, []);
	const [kind, of] = whom.split(" ");
	const loaded = useLoad(
		(signal) => hub.explain(id, kind === "person" ? { person: of } : kind === "organisation" ? { organisation: of } : { person: me.value?.account }, signal),
		[id, whom],
	);
	return (
		<div class="stack">
			<Select
				label={t("explain.whom")}
				name="whom"
				value={whom}
				onValue={setWhom}
				options={[
					{ value: "me", label: t("explain.me") },
					...(known.value?.people ?? []).map((one) => ({ value: `person ${one.id}`, label: nameOf(one) ?? one.login })),
					...(known.value?.organisations ?? []).map((one) => ({ value: `organisation ${one.id}`, label: nameOf(one) ?? "" })),
				]}
			/>
			<Load of={loaded}>
				{(access) => (
					<>
						<p class={`alert ${access.seen ? "good" : "hot"}`}>
							{access.seen ? t("explain.seen") : t("explain.notSeen")} {t("explain.as", { standing: word("standing", access.standing) })}
						</p>
						<ul class="rules">
							{access.rules.map((one) => (
								<li key={one.rule}>
									<span class={one.passes ? "good-mark" : "hot-mark"} aria-hidden="true">
										{one.passes ? "✓" : "✕"}
									</span>
									<strong>
										{word("rule", one.rule)} <span class="hidden">{one.passes ? t("explain.passes") : t("explain.stops")}</span>
									</strong>
									<span>{one.reason}</span>
								</li>
							))}
						</ul>
					</>
				)}
			</Load>
		</div>
	);
}
