// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { t } from "../lang/text";
import { Dialog } from "./dialog";
import { Failure } from "./failure";
import { useSend } from "./load";

/** Asks before what cannot be undone. It closes when that is done. */
export function Confirm({ title, label, onClose, act, children }: { title: string; label: string; onClose: () => void; act: (key: string) => Promise<void>; children: ComponentChildren }) {
	const sending = useSend();
	return (
		<Dialog title={title} onClose={onClose}>
			<div class="stack">
				{children}
				<Failure error={sending.error} />
				<div class="actions end">
					<button type="button" class="button" onClick={onClose}>
						{t("action.cancel")}
					</button>
					<button
						type="button"
						class="button danger"
						disabled={sending.busy}
						onClick={() => void sending.send(act).then((well) => well && onClose())}
					>
						{label}
					</button>
				</div>
			</div>
		</Dialog>
	);
}
