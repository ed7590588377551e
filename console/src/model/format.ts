// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { Language } from "../preferences";

// Times, numbers and sizes as people read them.

const locale = (language: Language) => (language === "ja" ? "ja-JP" : "en-GB");

export function parseTime(value: string | undefined | null): Date | undefined {
	if (!value) return undefined;
	const time = new Date(value);
	return Number.isNaN(time.getTime()) ? undefined : time;
}

/** In English as ISO 8601 has it, so that no day is taken for a month. */
export function localTime(time: Date, language: Language, zone?: string): string {
	return new Intl.DateTimeFormat(language === "ja" ? "ja-JP" : "sv-SE", {
		year: "numeric",
		month: "2-digit",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
		hourCycle: "h23",
		timeZone: zone,
	}).format(time);
}

export function utcTime(time: Date): string {
	return time.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC").replace(/Z$/, " UTC");
}

/** The day and the hour, or the hour alone, for an axis. */
export function hourLabel(time: Date, language: Language, day: boolean): string {
	const hour = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit" }).format(time);
	return day ? `${new Intl.DateTimeFormat(language === "ja" ? "ja-JP" : "sv-SE", { month: "2-digit", day: "2-digit" }).format(time)} ${hour}` : hour;
}

/** An ISO 8601 duration of days, months or years, as people say it. */
export function duration(value: string | undefined, language: Language): string {
	const found = /^P(\d+)([DMY])$/.exec(value ?? "");
	const unit = { D: "day", M: "month", Y: "year" }[found?.[2] ?? ""];
	return found && unit ? new Intl.NumberFormat(locale(language), { style: "unit", unit, unitDisplay: "long" }).format(Number(found[1])) : (value ?? "");
}

/** How long ago, or how long from now, in one unit. */
export function relativeTime(time: Date, now: Date, language: Language): string {
	const seconds = Math.round((time.getTime() - now.getTime()) / 1000);
	const units: [Intl.RelativeTimeFormatUnit, number][] = [
		["year", 31_536_000],
		["month", 2_592_000],
		["day", 86_400],
		["hour", 3_600],
		["minute", 60],
	];
	const format = new Intl.RelativeTimeFormat(locale(language), { numeric: "auto" });
	for (const [unit, length] of units) if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
	return format.format(seconds, "second");
}

export function number(value: number, language: Language): string {
	return new Intl.NumberFormat(locale(language)).format(value);
}

/** 1.2 k, 3.4 M: for places without room. */
export function shortNumber(value: number, language: Language): string {
	return new Intl.NumberFormat(locale(language), { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

export function bytes(value: number, language: Language): string {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let at = 0;
	let rest = value;
	while (rest >= 1024 && at < units.length - 1) {
		rest /= 1024;
		at++;
	}
	return `${new Intl.NumberFormat(locale(language), { maximumFractionDigits: at ? 1 : 0 }).format(rest)} ${units[at]}`;
}

/** The first letters of an identifier, for where it stands beside its whole. */
export const shortId = (id: string): string => {
	const uuid = id.split("--").pop() ?? id;
	return uuid.slice(0, 8);
};

/** What a form's local time is in UTC, and the other way. */
export const fromInput = (value: string): string | undefined => parseTime(value)?.toISOString();
export function toInput(time: Date): string {
	const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
	return local.toISOString().slice(0, 16);
}
