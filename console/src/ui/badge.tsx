// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { t, word } from "../lang/text";

export type Tone = "plain" | "good" | "warn" | "hot" | "accent";

const SHORT = 20; /* letters that stay on one line; what others wrote may be longer */

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
	const short = typeof children === "string" && children.length <= SHORT;
	return <span class={`badge ${tone} ${short ? "short" : ""}`}>{children}</span>;
}

const LEVELS = ["red", "amber+strict", "amber", "green", "clear"];

/** TLP 2.0 in the colours and words of its standard. */
export function Tlp({ level }: { level: string | undefined }) {
	if (!level || !LEVELS.includes(level)) return null;
	return <span class={`badge tlp tlp-${level.replace("+", "-")}`}>TLP:{level.toUpperCase()}</span>;
}

export interface Marks {
	tlp?: string;
	pap?: string;
	clearance?: number;
	originator_control?: boolean;
	selected?: boolean;
}

export function Marking({ marking, brief }: { marking: Marks | undefined; brief?: boolean }) {
	if (!marking) return null;
	return (
		<span class="row">
			<Tlp level={marking.tlp} />
			{!brief && marking.pap && <Badge>PAP:{marking.pap.toUpperCase()}</Badge>}
			{!!marking.clearance && <Badge tone="hot">{word("clearance", String(marking.clearance))}</Badge>}
			{marking.originator_control && <Badge tone="warn">{t("marking.originator")}</Badge>}
			{marking.selected && <Badge tone="hot">{t("marking.selected")}</Badge>}
		</span>
	);
}

const TONES: Record<string, Tone> = {
	draft: "plain",
	proposed: "warn",
	approved: "good",
	refused: "hot",
	retired: "plain",
	ok: "good",
	failed: "hot",
};

export function State({ state }: { state: string }) {
	return <Badge tone={TONES[state] ?? "plain"}>{word("state", state)}</Badge>;
}
