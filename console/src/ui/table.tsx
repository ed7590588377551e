// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { listKeys } from "../shell/keys";

export interface Column<T> {
	key: string;
	label: string;
	show: (row: T) => ComponentChildren;
	class?: string;
	/** It names the row. */
	head?: boolean;
	/** What it shows speaks for itself: the label is only read out. */
	bare?: boolean;
}
interface Props<T> {
	caption: string;
	/** The caption is only read out. */
	quiet?: boolean;
	columns: readonly Column<T>[];
	rows: readonly T[];
	id: (row: T) => string;
	empty?: ComponentChildren;
	foot?: ComponentChildren;
	/** j, k and Enter move and open here. */
	keys?: boolean;
}

/** Rows of the same kind. On a narrow screen each is a card. With `keys` j and k go through the rows' first links. */
export function Table<T>({ caption, quiet, columns, rows, id, empty, foot, keys }: Props<T>) {
	const body = useRef<HTMLTableSectionElement>(null);
	useEffect(() => {
		if (!keys) return undefined;
		return listKeys(() => Array.from(body.current?.rows ?? []));
	}, [keys]);
	if (!rows.length && empty !== undefined) return <div class="empty">{empty}</div>;
	return (
		<div class="table-wrap">
			<table class={columns.length > 3 ? "table wide" : "table few"}>
				<caption class={quiet ? "hidden" : undefined}>{caption}</caption>
				<thead>
					<tr>
						{columns.map((one) => (
							<th key={one.key} scope="col" class={one.class}>
								{one.bare ? <span class="hidden">{one.label}</span> : one.label}
							</th>
						))}
					</tr>
				</thead>
				<tbody ref={body}>
					{rows.map((row) => (
						<tr key={id(row)}>
							{columns.map((one) =>
								one.head ? (
									<th key={one.key} scope="row" class={one.class}>
										{one.show(row)}
									</th>
								) : (
									<td key={one.key} class={one.class} data-label={one.bare ? undefined : one.label}>
										{one.show(row)}
									</td>
								),
							)}
						</tr>
					))}
				</tbody>
			</table>
			{foot}
		</div>
	);
}
