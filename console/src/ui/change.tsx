// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useRef, useState } from "preact/hooks";
import { newKey, type Answer } from "../api/client";
import { Refused } from "../api/problem";
import { t, word } from "../lang/text";
import { differences, merge, type Difference } from "../model/merge";
import { lookUp } from "../names";
import { useSend } from "./load";

/** How one kind of thing is read and written, and what is done when it is. */
export interface Kept<T> {
	value: T;
	etag: string | null;
	read: () => Promise<Answer<T>>;
	write: (to: T, etag: string | null, key: string) => Promise<unknown>;
	done: () => void;
}

export interface Change<T> {
	busy: boolean;
	error: unknown;
	/** What somebody else did since the form was opened; null: nothing. */
	meanwhile: { by: Difference[]; clashes: string[] } | null;
	save: (mine: T) => void;
}

/** A key for each thing that is sent: the same as long as the same is sent again, so that it is done once. */
export function useKeys(): (what: unknown) => string {
	const sent = useRef({ text: "", key: "" });
	return (what) => {
		const text = JSON.stringify(what);
		if (sent.current.text !== text) sent.current = { text, key: newKey() };
		return sent.current.key;
	};
}

/**
 * Saves a change of a thing as it was when the form was opened. If somebody else changed it meanwhile, what they did is
 * shown and the form stays as it is; saving again puts this change on top of theirs.
 */
export function useChange<T extends object>(of: Kept<T>): Change<T> {
	const [base] = useState({ value: of.value, etag: of.etag });
	const newest = useRef(base);
	const keyOf = useKeys();
	const [meanwhile, setMeanwhile] = useState<Change<T>["meanwhile"]>(null);
	const sending = useSend();
	const save = async (mine: T) => {
		const { value } = merge(base.value, mine, newest.current.value);
		try {
			await of.write(value, newest.current.etag, keyOf([value, newest.current.etag]));
		} catch (error) {
			if (!(error instanceof Refused) || error.status !== 412) throw error;
			newest.current = await of.read();
			setMeanwhile({ by: differences(base.value, newest.current.value), clashes: merge(base.value, mine, newest.current.value).clashes });
			return;
		}
		of.done();
	};
	return { busy: sending.busy, error: sending.error, meanwhile, save: (mine) => void sending.send(() => save(mine)) };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const WORDS: Readonly<Record<string, string>> = { kind: "kind", state: "holdingState", roles: "role", critical: "sector", core: "core", level: "clearanceLevel", tlp_max: "tlp", purposes: "purpose", contents: "content" };

/** A value of a thing in a few words. */
function brief(member: string, value: unknown): string {
	if (typeof value === "string") {
		if (UUID.test(value)) return lookUp(member === "group" ? "groups" : "organisations", value) ?? value;
		return word(WORDS[member] ?? member, value);
	}
	if (typeof value === "boolean") return value ? t("yes") : t("no");
	if (Array.isArray(value)) return value.map((one) => brief(member, one)).join(t("list.comma"));
	if (value && typeof value === "object")
		return Object.entries(value)
			.map(([name, of]) => (name === "language" ? "" : brief(name, of)))
			.filter(Boolean)
			.join(" · ");
	return String(value);
}

/** What somebody else did while one was writing. */
export function Meanwhile({ of }: { of: { meanwhile: Change<object>["meanwhile"] } }) {
	if (!of.meanwhile) return null;
	const { by, clashes } = of.meanwhile;
	return (
		<div class="alert warn" role="alert">
			<p>
				<strong>{t("change.meanwhile")}</strong> {t(by.length ? "change.what" : "change.same")}
			</p>
			<ul>
				{by.map((one) => (
					<li key={one.member}>
						<strong>{word("field", one.member)}</strong>
						{one.gone.map((value) => (
							<div key={JSON.stringify(value)}>
								<span class="hidden">{t("change.gone")} </span>
								<del>{brief(one.member, value)}</del>
							</div>
						))}
						{one.come.map((value) => (
							<div key={JSON.stringify(value)}>
								<span class="hidden">{t("change.come")} </span>
								<ins>{brief(one.member, value)}</ins>
							</div>
						))}
						{clashes.includes(one.member) && <div>{t("change.clash")}</div>}
					</li>
				))}
			</ul>
			<p>{t("change.again")}</p>
		</div>
	);
}
