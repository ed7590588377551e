// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../lang/text";
import { question } from "../model/question";
import { language, theme } from "../preferences";
import { signOut } from "../session";
import { Dialog } from "../ui/dialog";
import { go } from "./router";
import { sections } from "./app";

interface Command {
	id: string;
	label: string;
	hint?: string;
	run: () => void;
}

/** One box: what to look for, or what to do. */
export function Palette({ onClose, onLook, onHelp }: { onClose: () => void; onLook: () => void; onHelp: () => void }) {
	const [typed, setTyped] = useState("");
	const [at, setAt] = useState(0);
	const list = useRef<HTMLUListElement>(null);
	const asked = question(typed);

	const fixed: Command[] = [
		...sections.map((one) => ({ id: one.name, label: t(`section.${one.name}`), hint: `g ${one.letter}`, run: () => go(one.to) })),
		{ id: "extract", label: t("extract.title"), hint: "g x", run: () => go("/threats/extract") },
		{ id: "approvals", label: t("approvals.title"), hint: "g p", run: () => go("/threats/approvals") },
		{ id: "holds", label: t("holds.title"), hint: "g h", run: () => go("/threats/holds") },
		{ id: "account", label: t("account.title"), run: () => go("/account") },
		{ id: "theme", label: t("palette.theme"), run: () => (theme.value = theme.value === "dark" ? "light" : "dark") },
		{ id: "language", label: language.value === "ja" ? "English" : "日本語", run: () => (language.value = language.value === "ja" ? "en" : "ja") },
		{ id: "look", label: t("look.title"), run: onLook },
		{ id: "help", label: t("help.title"), hint: "?", run: onHelp },
		{ id: "out", label: t("session.out"), run: () => void signOut() },
	];
	const needle = typed.trim().toLowerCase();
	const fits = needle ? fixed.filter((one) => one.label.toLowerCase().startsWith(needle)) : [];
	const commands: Command[] = [
		...fits,
		...(asked
			? [
					{
						id: "search",
						label: asked.object ? t("palette.object", { id: asked.object }) : t("palette.search", { text: asked.asked }),
						hint: asked.object ? undefined : t(`way.${asked.way}`),
						run: () => go(asked.object ? `/threats/objects/${asked.object}` : `/threats?${new URLSearchParams({ q: typed.trim() })}`),
					},
				]
			: []),
		...fixed.filter((one) => !fits.includes(one) && (!needle || one.label.toLowerCase().includes(needle))),
	];
	const chosen = Math.min(at, commands.length - 1);

	useEffect(() => {
		list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
	}, [chosen]);

	const run = (one: Command | undefined) => {
		if (!one) return;
		onClose();
		one.run();
	};
	return (
		<Dialog title={t("palette.title")} onClose={onClose} class="palette" bare>
			<input
				class="input"
				type="search"
				role="combobox"
				aria-expanded="true"
				aria-controls="palette-list"
				aria-activedescendant={commands[chosen] ? `palette-${commands[chosen].id}` : undefined}
				aria-label={t("palette.title")}
				placeholder={t("shell.ask")}
				autocomplete="off"
				spellcheck={false}
				value={typed}
				onInput={(event) => {
					setTyped(event.currentTarget.value);
					setAt(0);
				}}
				onKeyDown={(event) => {
					if (event.isComposing) return;
					if (event.key === "ArrowDown") setAt((chosen + 1) % commands.length);
					else if (event.key === "ArrowUp") setAt((chosen - 1 + commands.length) % commands.length);
					else if (event.key === "Enter") run(commands[chosen]);
					else return;
					event.preventDefault();
				}}
			/>
			<ul id="palette-list" role="listbox" aria-label={t("palette.title")} ref={list}>
				{commands.map((one, index) => (
					<li key={one.id} id={`palette-${one.id}`} role="option" aria-selected={index === chosen} onMouseMove={() => setAt(index)} onClick={() => run(one)}>
						<span>{one.label}</span>
						{one.hint && <span class="soft small">{one.hint}</span>}
					</li>
				))}
			</ul>
		</Dialog>
	);
}
