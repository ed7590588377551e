// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

interface Tab {
	id: string;
	label: ComponentChildren;
}

/** Tabs as the WAI-ARIA practices have them: arrows go from one to the next. */
export function Tabs({ label, tabs, chosen, onChoose, children }: { label: string; tabs: readonly Tab[]; chosen: string; onChoose: (id: string) => void; children: ComponentChildren }) {
	const base = useId();
	const list = useRef<HTMLDivElement>(null);
	const move = (by: number) => {
		const at = tabs.findIndex((one) => one.id === chosen);
		const next = tabs[(at + by + tabs.length) % tabs.length];
		if (!next) return;
		onChoose(next.id);
		list.current?.querySelector<HTMLElement>(`#${CSS.escape(`${base}-${next.id}`)}`)?.focus();
	};
	return (
		<div class="stack">
			<div class="tabs" role="tablist" aria-label={label} ref={list}>
				{tabs.map((one) => (
					<button
						key={one.id}
						type="button"
						role="tab"
						id={`${base}-${one.id}`}
						aria-selected={one.id === chosen}
						aria-controls={`${base}-panel`}
						tabIndex={one.id === chosen ? 0 : -1}
						onClick={() => onChoose(one.id)}
						onKeyDown={(event) => {
							if (event.key === "ArrowRight") move(1);
							else if (event.key === "ArrowLeft") move(-1);
							else return;
							event.preventDefault();
						}}
					>
						{one.label}
					</button>
				))}
			</div>
			<div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${chosen}`} class="stack">
				{children}
			</div>
		</div>
	);
}
