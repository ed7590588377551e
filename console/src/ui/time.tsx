// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useState } from "preact/hooks";
import { localTime, parseTime, relativeTime, utcTime } from "../model/format";
import { language } from "../preferences";

/** A time where the reader is; UTC beside it on hover, or always. */
export function Time({ value, both }: { value: string | undefined; both?: boolean }) {
	const time = parseTime(value);
	if (!time) return null;
	return (
		<time dateTime={time.toISOString()} title={utcTime(time)}>
			{localTime(time, language.value)}
			{both && <span class="soft"> ({utcTime(time)})</span>}
		</time>
	);
}

/** How long ago, kept right while one looks. */
export function Ago({ value }: { value: string | undefined }) {
	const [, tick] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => tick((n) => n + 1), 30_000);
		return () => clearInterval(timer);
	}, []);
	const time = parseTime(value);
	if (!time) return null;
	return (
		<time dateTime={time.toISOString()} title={`${localTime(time, language.value)} (${utcTime(time)})`}>
			{relativeTime(time, new Date(), language.value)}
		</time>
	);
}
