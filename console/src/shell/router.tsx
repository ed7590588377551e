// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

// Where one is, from the address; paths are the hub's page routes.

export interface Place {
	path: string;
	query: URLSearchParams;
}
const here = (): Place => ({ path: location.pathname.replace(/(.)\/+$/, "$1"), query: new URLSearchParams(location.search) });
export const place = signal<Place>(here());

/** Set by going to another page: its heading takes the focus when it is there. */
let arriving = false;
export function arrive(heading: HTMLElement | null) {
	if (arriving) heading?.focus({ preventScroll: true });
	arriving = false;
}

addEventListener("popstate", () => {
	arriving ||= here().path !== place.peek().path;
	place.value = here();
});

export function go(to: string, replace = false) {
	if (replace) history.replaceState(null, "", to);
	else history.pushState(null, "", to);
	const before = place.peek().path;
	arriving ||= here().path !== before;
	place.value = here();
	if (!replace && before !== place.peek().path) scrollTo(0, 0);
}

/** Changes parts of the query in place; undefined takes one away. */
export function setQuery(change: Record<string, string | undefined>, replace = true) {
	const query = new URLSearchParams(place.peek().query);
	for (const [name, value] of Object.entries(change)) {
		if (value === undefined || value === "") query.delete(name);
		else query.set(name, value);
	}
	const text = query.toString();
	go(place.peek().path + (text ? `?${text}` : ""), replace);
}

interface LinkProps {
	to: string;
	children: ComponentChildren;
	class?: string;
	current?: boolean;
	label?: string;
}

export function Link({ to, children, class: more, current, label }: LinkProps) {
	return (
		<a
			href={to}
			class={more}
			aria-label={label}
			aria-current={current ? "page" : undefined}
			onClick={(event: MouseEvent) => {
				if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
				event.preventDefault();
				go(to);
			}}
		>
			{children}
		</a>
	);
}
