// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { language } from "../preferences";
import { en } from "./en";
import { ja } from "./ja";

// Every text that a person sees stands in both languages: ja has the same keys as en, or it does not compile.

export type Key = keyof typeof en;
export type Dictionary = Readonly<Record<Key, string>>;

const dictionaries: Record<"en" | "ja", Dictionary> = { en, ja };

export function fill(pattern: string, values: Record<string, string | number>): string {
	return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text in the reader's language; what shows it changes with the language. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
	return fill(dictionaries[language.value][key], values);
}

/** The text of a word of the hub's, or the word itself where we have none. */
export function word(group: string, value: string): string {
	const key = `${group}.${value}`;
	const dictionary: Readonly<Record<string, string>> = dictionaries[language.value];
	return Object.prototype.hasOwnProperty.call(dictionary, key) ? (dictionary[key] ?? value) : value;
}
