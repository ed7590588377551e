// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import { t } from "../lang/text";
import { Failure } from "./failure";
import { useSend } from "./load";

export interface Listed<T> {
	rows: readonly T[];
	next: string | undefined;
}

/**
 * A list's first page, and the pages behind it that were asked for. From then on it stays as it is while one reads,
 * for a first page that came anew would not fit to the others.
 */
export function useMore<T>(first: Listed<T>, ask: (cursor: string) => Promise<Listed<T>>) {
	const [longer, setLonger] = useState<Listed<T> | null>(null);
	const { rows, next } = longer ?? first;
	return {
		rows,
		next,
		more: async () => {
			if (!next) return;
			const got = await ask(next);
			setLonger({ rows: [...rows, ...got.rows], next: got.next });
		},
	};
}

/** The button behind such a list. */
export function More({ of }: { of: { next: string | undefined; more: () => Promise<void> } }) {
	const sending = useSend();
	if (!of.next) return null;
	return (
		<div class="stack tight more">
			<Failure error={sending.error} />
			<div class="actions">
				<button type="button" class="button" disabled={sending.busy} onClick={() => void sending.send(of.more)}>
					{t("list.more")}
				</button>
			</div>
		</div>
	);
}
