// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { signal } from "@preact/signals";
import { t } from "../lang/text";
import { Icon } from "./icon";

interface Said {
	id: number;
	text: string;
	hot: boolean;
}
const said = signal<Said[]>([]);
let last = 0;

/** Tells what was done. What failed stays until it is closed. */
export function tell(text: string, hot = false) {
	const id = ++last;
	said.value = [...said.peek().slice(-3), { id, text, hot }];
	if (!hot) setTimeout(() => forget(id), 6_000);
}

function forget(id: number) {
	said.value = said.peek().filter((one) => one.id !== id);
}

export function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{said.value.map((one) => (
				<div key={one.id} class={`toast ${one.hot ? "hot" : ""}`}>
					<span>{one.text}</span>
					<button type="button" class="button quiet icon" aria-label={t("action.close")} onClick={() => forget(one.id)}>
						<Icon name="close" size={16} />
					</button>
				</div>
			))}
		</div>
	);
}
