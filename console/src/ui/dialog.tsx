// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../lang/text";
import { Icon } from "./icon";

interface Props {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
	class?: string;
	/** The title is only read out. */
	bare?: boolean;
}

/** A modal dialog: the browser keeps the focus inside and gives it back. What was typed goes only when one means it. */
export function Dialog({ title, onClose, children, class: more, bare }: Props) {
	const id = useId();
	const dialog = useRef<HTMLDialogElement>(null);
	const written = useRef(false);
	const open = useRef(true);
	const [asked, setAsked] = useState(false);
	const leave = () => {
		if (written.current && !asked) setAsked(true);
		else onClose();
	};
	useEffect(() => {
		const before = document.activeElement;
		const it = dialog.current;
		if (it && !it.open) it.showModal();
		return () => {
			open.current = false;
			it?.close();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
		};
	}, []);
	return (
		<dialog
			ref={dialog}
			class={more}
			aria-labelledby={id}
			onCancel={(event) => {
				event.preventDefault();
				leave();
			}}
			onClose={() => open.current && onClose()}
			onInput={() => (written.current = !bare)}
			onMouseDown={(event) => {
				if (event.target === dialog.current) leave();
			}}
		>
			{bare ? (
				<h2 id={id} class="hidden">
					{title}
				</h2>
			) : (
				<div class="dialog-head">
					<h2 id={id}>{title}</h2>
					<button type="button" class="button quiet icon" aria-label={t("action.close")} onClick={onClose}>
						<Icon name="close" />
					</button>
				</div>
			)}
			{children}
			<div role="status">
				{asked && (
					<p class="alert warn discard">
						<span>{t("dialog.discard")}</span>{" "}
						<button type="button" class="button" onClick={onClose}>
							{t("dialog.discardDo")}
						</button>
					</p>
				)}
			</div>
		</dialog>
	);
}
