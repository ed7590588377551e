// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useState } from "preact/hooks";
import { live } from "../api/events";
import { t } from "../lang/text";
import { density, language, letters, theme, type Density, type Theme } from "../preferences";
import { me, standing } from "../session";
import { Dialog } from "../ui/dialog";
import { Check, Select } from "../ui/field";
import { Icon, type IconName } from "../ui/icon";
import { Toasts } from "../ui/toast";
import { SignIn, SignInAgain } from "../pages/signin";
import { beginKeys } from "./keys";
import { Palette } from "./palette";
import { go, Link, place } from "./router";
import { routed } from "./routes";

export const sections: { to: string; name: IconName & ("situation" | "threats" | "authorisations" | "edges" | "directory"); letter: string }[] = [
	{ to: "/situation", name: "situation", letter: "s" },
	{ to: "/threats", name: "threats", letter: "t" },
	{ to: "/authorisations", name: "authorisations", letter: "a" },
	{ to: "/edges", name: "edges", letter: "e" },
	{ to: "/directory", name: "directory", letter: "d" },
];

export function App() {
	const where = place.value.path;
	const is = standing.value;
	useEffect(() => {
		if (is === "in" && (where === "/sign-in" || where === "/")) go("/situation", true);
	}, [is, where]);
	if (is === "unknown")
		return (
			<p class="waiting" role="status">
				{t("load.waiting")}
			</p>
		);
	if (is === "out") return <SignIn />;
	return (
		<>
			<Shell key={me.value?.account} />
			{is === "lapsed" && <SignInAgain />}
		</>
	);
}

function Shell() {
	const [palette, setPalette] = useState(false);
	const [help, setHelp] = useState(false);
	const [look, setLook] = useState(false);
	const where = place.value.path;
	const page = routed(where);

	useEffect(
		() =>
			beginKeys({
				palette: () => setPalette(true),
				help: () => setHelp(true),
				places: { ...Object.fromEntries(sections.map((one) => [one.letter, () => go(one.to)])), x: () => go("/threats/extract"), p: () => go("/threats/approvals"), h: () => go("/threats/holds") },
			}),
		[],
	);
	useEffect(() => {
		document.title = `${page.title()} · Hinomi`;
	});

	return (
		<div class="shell">
			<a class="skip" href="#main">
				{t("shell.skip")}
			</a>
			<header class="top">
				<Link to="/situation" class="brand" label="Hinomi">
					<Tower />
					<span>Hinomi</span> <small class="wide">火の見</small>
				</Link>
				<button type="button" class="ask" onClick={() => setPalette(true)}>
					<span>{t("shell.ask")}</span>
					<kbd aria-hidden="true">/</kbd>
				</button>
				<div class="spread">
					<span class={`live ${live.value}`} title={t(`live.${live.value}`)}>
						<span>{t(`live.${live.value}`)}</span>
					</span>
					<button type="button" class="button icon wide" aria-label={t("help.title")} onClick={() => setHelp(true)}>
						<Icon name="help" />
					</button>
					<button type="button" class="button wide" onClick={() => setLook(true)}>
						{t("look.short")}
					</button>
					<Link to="/account" class="button icon" label={t("account.title")}>
						<Icon name="person" />
					</Link>
				</div>
			</header>
			<nav class="rail" aria-label={t("shell.sections")}>
				{sections.map((one) => (
					<Link key={one.to} to={one.to} current={where.startsWith(one.to)}>
						<Icon name={one.name} />
						{t(`section.${one.name}`)}
					</Link>
				))}
			</nav>
			<main id="main" class="main" tabIndex={-1}>
				{page.show()}
			</main>
			{palette && <Palette onClose={() => setPalette(false)} onLook={() => setLook(true)} onHelp={() => setHelp(true)} />}
			{help && <Help onClose={() => setHelp(false)} />}
			{look && <Look onClose={() => setLook(false)} />}
			<Toasts />
		</div>
	);
}

export function Tower() {
	return (
		<svg width="30" height="30" viewBox="0 0 32 32" aria-hidden="true">
			<path d="M16 3 6.5 10h19zM9.5 11.5h13V16h-13z" fill="currentColor" />
			<path d="M12 17.5 9.2 29M20 17.5 22.8 29M11 22h10M10 26h12" stroke="currentColor" stroke-width="1.8" fill="none" />
			<circle cx="16" cy="13.8" r="1.9" fill="#ff6a4a" />
		</svg>
	);
}

function Help({ onClose }: { onClose: () => void }) {
	const rows: [string, string][] = [
		["/  ·  Ctrl K", t("help.palette")],
		["j  k", t("help.list")],
		["Enter", t("help.open")],
		...sections.map((one): [string, string] => [`g ${one.letter}`, t(`section.${one.name}`)]),
		["g x", t("extract.title")],
		["g p", t("approvals.title")],
		["g h", t("holds.title")],
		["Ctrl Enter", t("help.send")],
		["Esc", t("help.escape")],
		["?", t("help.this")],
	];
	return (
		<Dialog title={t("help.title")} onClose={onClose}>
			<dl class="facts">
				{rows.map(([keys, what]) => (
					<>
						<dt>
							<kbd>{keys}</kbd>
						</dt>
						<dd>{what}</dd>
					</>
				))}
			</dl>
			<div class="stack">
				<Check label={t("help.letters")} checked={letters.value === "on"} onValue={(on) => (letters.value = on ? "on" : "off")} />
				<p class="small soft">{t("help.docs")}</p>
			</div>
		</Dialog>
	);
}

export function Looks() {
	return (
		<div class="form-row">
			<Select
				label={t("look.theme")}
				name="theme"
				value={theme.value}
				onValue={(value) => (theme.value = value as Theme)}
				options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`theme.${value}`) }))}
			/>
			<Select
				label={t("look.density")}
				name="density"
				value={density.value}
				onValue={(value) => (density.value = value as Density)}
				options={(["compact", "normal", "wall"] as const).map((value) => ({ value, label: t(`density.${value}`) }))}
			/>
			<Select
				label="Language / 言語"
				name="language"
				value={language.value}
				onValue={(value) => (language.value = value === "ja" ? "ja" : "en")}
				options={[
					{ value: "ja", label: "日本語" },
					{ value: "en", label: "English" },
				]}
			/>
		</div>
	);
}

function Look({ onClose }: { onClose: () => void }) {
	return (
		<Dialog title={t("look.title")} onClose={onClose}>
			<Looks />
		</Dialog>
	);
}
