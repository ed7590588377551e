// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { letters } from "../preferences";

// The keyboard. Single letters can be turned off, never act while one types, and leave what the browser has alone.

type Rows = () => HTMLElement[];
let lists: Rows[] = [];

/** Lets j and k go through a list's rows. @return ends it */
export function listKeys(rows: Rows): () => void {
	lists.push(rows);
	return () => {
		lists = lists.filter((one) => one !== rows);
	};
}

const target = (row: HTMLElement): HTMLElement | null => row.querySelector<HTMLElement>("a, button, input");

function step(by: number): boolean {
	for (const list of [...lists].reverse()) {
		const rows = list().filter((row) => target(row));
		if (!rows.length) continue;
		const at = rows.findIndex((row) => row.contains(document.activeElement));
		const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
		for (const row of rows) row.classList.toggle("at", row === next);
		if (next) {
			target(next)?.focus();
			next.scrollIntoView({ block: "nearest" });
		}
		return true;
	}
	return false;
}

const writes = (element: Element | null): boolean =>
	element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !(element instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(element.type));

export interface Commands {
	palette: () => void;
	help: () => void;
	/** By the letter behind g. */
	places: Record<string, () => void>;
}

/** @return ends it */
export function beginKeys(commands: Commands): () => void {
	let behindG = 0;
	const press = (event: KeyboardEvent) => {
		if (event.isComposing || event.defaultPrevented) return;
		if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
			event.preventDefault();
			commands.palette();
			return;
		}
		if (event.ctrlKey || event.metaKey || event.altKey || letters.value === "off") return;
		if (writes(document.activeElement) || document.querySelector("dialog[open]")) return;
		const afterG = Date.now() - behindG < 1500;
		behindG = 0;
		const to = commands.places[event.key];
		if (afterG && to) to();
		else if (event.key === "g") {
			behindG = Date.now();
			return;
		} else if (event.key === "/") commands.palette();
		else if (event.key === "?") commands.help();
		else if (event.key === "j" && step(1)) {
			// moved
		} else if (event.key === "k" && step(-1)) {
			// moved
		} else return;
		event.preventDefault();
	};
	addEventListener("keydown", press);
	return () => removeEventListener("keydown", press);
}
