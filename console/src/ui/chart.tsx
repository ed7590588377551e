// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../lang/text";
import { number, shortNumber } from "../model/format";
import { language } from "../preferences";
import { Link } from "../shell/router";

// Charts are made of what they stand for: each bar is a link to the list behind it, and says its number.

export interface Bar {
	key: string;
	label: ComponentChildren;
	value: number;
	href?: string;
	hot?: boolean;
}

export function Bars({ label, bars }: { label: string; bars: readonly Bar[] }) {
	const most = Math.max(1, ...bars.map((one) => one.value));
	return (
		<ul class="bars" aria-label={label}>
			{bars.map((one) => {
				const inside = (
					<>
						<span>{one.label}</span>
						<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
							<rect class={one.hot ? "bar hot" : "bar"} width={one.value ? Math.max(0.6, (100 * one.value) / most) : 0} height="1" />
						</svg>
						<span class="figure">{number(one.value, language.value)}</span>
					</>
				);
				return <li key={one.key}>{one.href ? <Link to={one.href}>{inside}</Link> : <div class="bar-row">{inside}</div>}</li>;
			})}
		</ul>
	);
}

export interface Point {
	label: string;
	value: number;
	href?: string;
}

/** A number over time, as columns or, for who wants the numbers, as a table. */
export function Columns({ title, unit, points, aside }: { title: string; unit: string; points: readonly Point[]; aside?: ComponentChildren }) {
	const [table, setTable] = useState(false);
	const most = Math.max(1, ...points.map((one) => one.value));
	const width = 600;
	const step = width / Math.max(1, points.length);
	const every = Math.ceil(points.length / 8);
	return (
		<figure class="columns stack tight">
			<figcaption class="card-head">
				<h2>{title}</h2>
				<div class="row">
					{aside}
					<button type="button" class="button quiet" aria-pressed={table} onClick={() => setTable(!table)}>
						{table ? t("chart.chart") : t("chart.table")}
					</button>
				</div>
			</figcaption>
			{table ? (
				<table class="table few">
					<caption class="hidden">{title}</caption>
					<thead>
						<tr>
							<th scope="col">{t("chart.when")}</th>
							<th scope="col" class="number">
								{unit}
							</th>
						</tr>
					</thead>
					<tbody>
						{points.map((one) => (
							<tr key={one.label}>
								<th scope="row">{one.href ? <Link to={one.href}>{one.label}</Link> : one.label}</th>
								<td class="number" data-label={unit}>
									{number(one.value, language.value)}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			) : (
				<div class="columns-frame">
					<span class="small soft">{shortNumber(most, language.value)}</span>
					<svg viewBox={`0 0 ${width} 140`} preserveAspectRatio="none" role="group" aria-label={title}>
						{points.map((one, at) => {
							const height = one.value ? Math.max(2, (138 * one.value) / most) : 0;
							const column = <rect class="bar" x={at * step + step * 0.12} y={140 - height} width={step * 0.76} height={height} />;
							const says = `${one.label}: ${number(one.value, language.value)} ${unit}`;
							return one.href && one.value ? (
								<Link key={one.label} to={one.href} label={says}>
									{column}
								</Link>
							) : (
								<g key={one.label}>
									<title>{says}</title>
									{column}
								</g>
							);
						})}
					</svg>
					<div class="columns-labels small soft" style={{ gridTemplateColumns: `repeat(${points.length}, minmax(0, 1fr))` }} aria-hidden="true">
						{points.map(
							(one, at) =>
								at % every === 0 && (
									<span key={one.label} style={{ gridColumn: `${at + 1} / span ${Math.min(every, points.length - at)}` }}>
										{one.label}
									</span>
								),
						)}
					</div>
				</div>
			)}
		</figure>
	);
}
