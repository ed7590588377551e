// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import type { Organisation } from "../api/schema";
import { t } from "../lang/text";
import { Input } from "../ui/field";

type Names = NonNullable<Organisation["names"]>;

/** Fields of a form that names something in both languages; names in others stay. */
export function useNames(from: Names = [], wrong: (field: string) => string | undefined = () => undefined) {
	const of = (language: string) => from.find((one) => one.language === language);
	const [ja, setJa] = useState(of("ja")?.name ?? "");
	const [reading, setReading] = useState(of("ja")?.reading ?? "");
	const [en, setEn] = useState(of("en")?.name ?? "");
	const entered: Names = [
		...(ja.trim() ? [{ language: "ja", name: ja.trim(), ...(reading.trim() ? { reading: reading.trim() } : {}) }] : []),
		...(en.trim() ? [{ language: "en", name: en.trim(), ...(of("en")?.reading ? { reading: of("en")?.reading } : {}) }] : []),
	];
	// In the order in which they stood, so that what was not touched is not changed.
	const names: Names = [
		...from.flatMap((one) => (one.language === "ja" || one.language === "en" ? entered.filter((other) => other.language === one.language) : [one])),
		...entered.filter((one) => !of(one.language)),
	];
	const at = (language: string, member: string) => wrong(`names/${names.findIndex((one) => one.language === language)}/${member}`);
	return {
		names,
		fields: (
			<div class="form-row">
				<Input label={t("names.ja")} name="name-ja" value={ja} onValue={setJa} maxLength={170} wrong={at("ja", "name")} />
				<Input label={t("names.reading")} name="name-reading" value={reading} onValue={setReading} maxLength={170} wrong={at("ja", "reading")} />
				<Input label={t("names.en")} name="name-en" value={en} onValue={setEn} maxLength={170} wrong={at("en", "name")} />
			</div>
		),
	};
}
