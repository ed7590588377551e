// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Finds indicators in text as people write it: in mails, reports, chats, with dots in brackets and hxxp.

export type ValueKind = "ipv4" | "ipv6" | "cidr4" | "cidr6" | "domain" | "url" | "email" | "md5" | "sha1" | "sha256" | "sha512";
export interface Found {
	kind: ValueKind;
	/** As machines write it. */
	value: string;
	/** As it stood in the text. */
	written: string;
	/** The line around it, for who reviews. */
	around: string;
	times: number;
	/** Likely no indicator of anything: an address inside a network, a file's name, a name of documentation. */
	doubt?: "inside" | "file" | "reserved";
}

/** Makes of `hxxps[:]//evil[.]example` what it stands for. */
export function refang(written: string): string {
	return written
		.replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
		.replace(/。|．/g, ".")
		.replace(/^(h)(?:xx|\*\*|tt)(p)(s?)/i, (_, h: string, p: string, s: string) => (h + "tt" + p + s).toLowerCase())
		.replace(/\[(\.|:|\/|@|:\/\/|:\/|\/\/)\]|\((\.|:|@|:\/\/)\)|\{(\.|:|@|:\/\/)\}/g, (_, a: string, b: string, c: string) => a ?? b ?? c)
		.replace(/\s*(?:\[|\(|\{)\s*dot\s*(?:\]|\)|\})\s*/gi, ".")
		.replace(/\s*(?:\[|\(|\{)\s*at\s*(?:\]|\)|\})\s*/gi, "@")
		.replace(/\\\./g, ".");
}

/** Makes a value safe to paste into a mail. */
export function defang(value: string): string {
	return value.replace(/^http/i, "hxxp").replace(/\.(?=[^.]*$)/, "[.]").replace("://", "[://]");
}

export function ipv4(value: string): boolean {
	const parts = value.split(".");
	return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

export function ipv6(value: string): boolean {
	if (!/^[0-9a-f:.]+$/i.test(value) || !value.includes(":") || value.length > 45) return false;
	const halves = value.split("::");
	if (halves.length > 2) return false;
	let groups = 0;
	const tail = value.slice(value.lastIndexOf(":") + 1);
	for (const half of halves) {
		if (half === "") continue;
		for (const part of half.split(":")) {
			if (part === tail && part.includes(".")) {
				if (!ipv4(part)) return false;
				groups += 2;
			} else if (/^[0-9a-f]{1,4}$/i.test(part)) groups++;
			else return false;
		}
	}
	return halves.length === 2 ? groups < 8 : groups === 8;
}

/** @return the prefix's bits, or -1 */
export function prefixBits(value: string): { bits: number; family: 4 | 6 } | undefined {
	const at = value.indexOf("/");
	if (at < 0 || !/^\d{1,3}$/.test(value.slice(at + 1))) return undefined;
	const [address, bits] = [value.slice(0, at), Number(value.slice(at + 1))];
	if (ipv4(address) && bits <= 32) return { bits, family: 4 };
	if (ipv6(address) && bits <= 128) return { bits, family: 6 };
	return undefined;
}

const label = /^(?!-)[\p{L}\p{N}_-]{1,63}(?<!-)$/u;

export function domain(value: string): boolean {
	if (value.length > 253 || !value.includes(".")) return false;
	const labels = value.replace(/\.$/, "").split(".");
	const top = labels[labels.length - 1] ?? "";
	return labels.length > 1 && labels.every((one) => label.test(one)) && /^(xn--[a-z0-9-]+|[\p{L}]{2,63})$/iu.test(top);
}

const FILES = new Set(
	"exe dll sys doc docx docm xls xlsx xlsm ppt pptx pdf zip rar 7z gz tar iso img lnk ps1 bat cmd vbs js jse hta txt log csv json xml html htm php asp aspx jsp py rb pl c h cpp java class jar apk bin dat tmp png jpg jpeg gif svg css yml yaml md conf cfg ini eml msg".split(
		" ",
	),
);
/** Ends that are names of files and of countries alike. */
const BOTH = new Set(["sh", "zip", "mov", "py", "pl", "md", "ps", "so"]);

function doubtOf(kind: ValueKind, value: string): Found["doubt"] {
	if (kind === "ipv4" || kind === "cidr4") {
		const [a = 0, b = 0] = value.split(".").map(Number);
		const inside = a === 10 || a === 127 || a === 0 || a >= 224 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128);
		return inside ? "inside" : undefined;
	}
	if (kind === "ipv6" || kind === "cidr6") return /^(fe[89ab]|f[cd]|ff|::1?(\/|$))/i.test(value) ? "inside" : undefined;
	if (kind === "domain") {
		const top = value.split(".").pop() ?? "";
		if (FILES.has(top) && (value.split(".").length === 2 || !BOTH.has(top))) return "file";
		if (["local", "localhost", "internal", "lan", "invalid", "arpa"].includes(top)) return "inside";
		if (/^(www\.)?(example\.(com|net|org)|(google|microsoft|github|twitter|virustotal)\.com)$/.test(value)) return "reserved";
	}
	return undefined;
}

/** What one value is, after refang(). */
export function kindOf(value: string): ValueKind | undefined {
	if (/^[0-9a-f]+$/i.test(value)) {
		const kinds: Record<number, ValueKind> = { 32: "md5", 40: "sha1", 64: "sha256", 128: "sha512" };
		const kind = kinds[value.length];
		if (kind) return kind;
	}
	if (/^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/?#]+/i.test(value)) return "url";
	const prefix = prefixBits(value);
	if (prefix) return prefix.family === 4 ? "cidr4" : "cidr6";
	if (ipv4(value)) return "ipv4";
	if (ipv6(value)) return "ipv6";
	const at = value.indexOf("@");
	if (at > 0 && domain(value.slice(at + 1)) && /^[^\s@<>"',;:]{1,64}$/.test(value.slice(0, at))) return "email";
	if (domain(value)) return "domain";
	return undefined;
}

/** One form for each value, so that the same is found once. */
export function normal(kind: ValueKind, value: string): string {
	switch (kind) {
		case "url": {
			const found = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(value);
			return found ? (found[1] ?? "").toLowerCase() + (found[2] ?? "").toLowerCase() + (found[3] ?? "") : value;
		}
		case "email": {
			const at = value.lastIndexOf("@");
			return value.slice(0, at) + value.slice(at).toLowerCase();
		}
		case "domain":
			return value.toLowerCase().replace(/\.$/, "");
		default:
			return value.toLowerCase();
	}
}

const DOT = String.raw`(?:\.|\[\.\]|\(\.\)|\{\.\}|\\\.|。|．|\s?[[({]\s?dot\s?[\])}]\s?)`;
const COLON = String.raw`(?::|\[:\]|\(:\)|：)`;
const candidates: RegExp[] = [
	// addresses of pages
	new RegExp(String.raw`\b(?:h(?:tt|xx|\*\*)ps?|ftps?|sftp|tcp|udp)\s?(?:${COLON}//|\[://\]|${COLON}\[//\]|\[:/\]/|:\[/\]\[/\])[^\s<>"'、。」』）】]+(?:。[a-z][^\s<>"'、。」』）】]*)*`, "giu"),
	// mail
	new RegExp(String.raw`[\p{L}\p{N}._%+-]{1,64}(?:@|\[@\]|\(@\)|\s?[[({]\s?at\s?[\])}]\s?)[\p{L}\p{N}_-]+(?:${DOT}[\p{L}\p{N}_-]+)+`, "giu"),
	// IPv4 and prefixes
	new RegExp(String.raw`(?<![\d.])\d{1,3}(?:${DOT}\d{1,3}){3}(?:/\d{1,2})?(?![\d])`, "gu"),
	// IPv6 and prefixes
	/(?<![\w:.])(?:[0-9a-f]{0,4}(?::|\[:\])){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:\/\d{1,3})?(?![\w:])/giu,
	// digests
	/(?<![0-9a-z])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])/giu,
	// names; letters of Japanese around them do not belong to them
	new RegExp(String.raw`(?<![\w@.-])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?${DOT})+(?:xn--[a-z0-9-]+|[a-z]{2,24})(?![\w-])`, "giu"),
];

/** Takes off what belongs to the sentence and not to the value. */
function trimmed(written: string): string {
	let text = written.replace(/[.,;:!?'"»”’>]+$/u, "");
	for (const [open, close] of ["()", "[]", "{}"].map((pair) => [pair[0] ?? "", pair[1] ?? ""] as const)) {
		while (text.endsWith(close) && text.split(close).length > text.split(open).length) text = text.slice(0, -1);
	}
	return text;
}

function around(source: string, at: number, length: number): string {
	const from = Math.max(source.lastIndexOf("\n", at - 1) + 1, at - 60);
	const line = source.indexOf("\n", at);
	const to = Math.min(line < 0 ? source.length : line, at + length + 60);
	return source.slice(from, to).trim();
}

export const TEXT_MAX = 1_000_000;
export const FOUND_MAX = 2_000;

/** All indicators in a text, in the order in which they stand; each once. */
export function extract(source: string): Found[] {
	const all = new Map<string, Found & { at: number }>();
	const whole = source.slice(0, TEXT_MAX);
	let rest = whole;
	for (const pattern of candidates) {
		rest = rest.replace(pattern, (match: string, ...args: unknown[]) => {
			const at = args.find((one): one is number => typeof one === "number") ?? 0;
			const written = trimmed(match);
			const value = refang(written);
			const kind = kindOf(value);
			if (!kind) return match;
			const clean = normal(kind, value);
			const key = `${kind} ${clean}`;
			const known = all.get(key);
			if (known) known.times++;
			else if (all.size < FOUND_MAX)
				all.set(key, { kind, value: clean, written, around: around(whole, at, written.length), times: 1, at, doubt: doubtOf(kind, clean) });
			// What was taken is not read a second time, as part of something else; places stay as they are.
			return "\u0000".repeat(match.length);
		});
	}
	return [...all.values()].sort((a, b) => a.at - b.at).map(({ at: _at, ...found }) => found);
}

const quoted = (value: string) => `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;

/** The STIX pattern that says this value. */
export function patternOf(kind: ValueKind, value: string): string {
	switch (kind) {
		case "ipv4":
			return `[ipv4-addr:value = ${quoted(value)}]`;
		case "ipv6":
			return `[ipv6-addr:value = ${quoted(value)}]`;
		case "cidr4":
			return `[ipv4-addr:value ISSUBSET ${quoted(value)}]`;
		case "cidr6":
			return `[ipv6-addr:value ISSUBSET ${quoted(value)}]`;
		case "domain":
			return `[domain-name:value = ${quoted(value)}]`;
		case "url":
			return `[url:value = ${quoted(value)}]`;
		case "email":
			return `[email-addr:value = ${quoted(value)}]`;
		case "md5":
			return `[file:hashes.MD5 = ${quoted(value)}]`;
		case "sha1":
			return `[file:hashes.'SHA-1' = ${quoted(value)}]`;
		case "sha256":
			return `[file:hashes.'SHA-256' = ${quoted(value)}]`;
		case "sha512":
			return `[file:hashes.'SHA-512' = ${quoted(value)}]`;
	}
}
