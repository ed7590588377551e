// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { effect, signal } from "@preact/signals";

// What a person chose about how the console looks; nothing secret, kept in this browser.

export type Theme = "system" | "light" | "dark";
export type Density = "compact" | "normal" | "wall";
export type Language = "en" | "ja";

const themes: readonly Theme[] = ["system", "light", "dark"];
const densities: readonly Density[] = ["compact", "normal", "wall"];
const languages: readonly Language[] = ["en", "ja"];

function kept<T extends string>(name: string, words: readonly T[], otherwise: T): T {
	try {
		const value = localStorage.getItem(`hinomi.${name}`);
		return words.find((word) => word === value) ?? otherwise;
	} catch {
		return otherwise;
	}
}

function keep(name: string, value: string) {
	try {
		localStorage.setItem(`hinomi.${name}`, value);
	} catch {
		// A browser that keeps nothing has the choice for this page only.
	}
}

/** The first of the browser's languages that we have. */
export function preferred(of: readonly string[]): Language {
	for (const tag of of) {
		const found = languages.find((language) => tag.toLowerCase().split("-")[0] === language);
		if (found) return found;
	}
	return "en";
}

export const theme = signal<Theme>(kept("theme", themes, "system"));
export const density = signal<Density>(kept("density", densities, "normal"));
export const language = signal<Language>(kept("language", languages, preferred(navigator.languages ?? [])));
/** Single letters as commands (WCAG 2.1.4: they can be turned off). */
export const letters = signal<"on" | "off">(kept("letters", ["on", "off"], "on"));

export function applyPreferences() {
	effect(() => {
		const root = document.documentElement;
		if (theme.value === "system") delete root.dataset.theme;
		else root.dataset.theme = theme.value;
		root.dataset.density = density.value;
		root.lang = language.value;
		keep("theme", theme.value);
		keep("density", density.value);
		keep("language", language.value);
		keep("letters", letters.value);
	});
}
