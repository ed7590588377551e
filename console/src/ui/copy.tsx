// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { t } from "../lang/text";
import { tell } from "./toast";

/** Takes a text along. */
export function Copy({ text, label }: { text: string; label?: string }) {
	if (!navigator.clipboard) return null;
	return (
		<button type="button" class="button quiet" onClick={() => void navigator.clipboard.writeText(text).then(() => tell(t("copy.done")), () => tell(t("copy.failed"), true))}>
			{label ?? t("copy.do")}
		</button>
	);
}
