// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
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

/** A modal dialog: the browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children, class: more, bare }: Props) {
	const id = useId();
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const before = document.activeElement;
		const it = dialog.current;
		if (it && !it.open) it.showModal();
		return () => {
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
				onClose();
			}}
			onMouseDown={(event) => {
				if (event.target === dialog.current) onClose();
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
		</dialog>
	);
}
