// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Refused } from "../api/problem";
import { t } from "../lang/text";
import { Meanwhile, useChange, type Change, type Kept } from "./change";
import { Dialog } from "./dialog";
import { Failure } from "./failure";

export function FormEnd({ onClose, busy, label, danger }: { onClose: () => void; busy: boolean; label: string; danger?: boolean }) {
	return (
		<div class="actions end">
			<button type="button" class="button" onClick={onClose}>
				{t("action.cancel")}
			</button>
			<button type="submit" class={`button ${danger ? "danger" : "primary"}`} disabled={busy}>
				{label}
			</button>
		</div>
	);
}

/** What the hub has against a field of what was sent. */
export const wrongOf =
	(error: unknown) =>
	(field: string): string | undefined =>
		error instanceof Refused ? error.of(field) : undefined;

interface FormProps<T extends object> {
	title: string;
	of: Change<T>;
	/** The thing as it shall be. */
	mine: () => T;
	/** Fields that say themselves what is wrong with them. */
	fields?: readonly string[];
	label?: string;
	danger?: boolean;
	onClose: () => void;
	children: ComponentChildren;
}

/** A form that changes a thing. */
export function ChangeForm<T extends object>({ title, of, mine, fields, label, danger, onClose, children }: FormProps<T>) {
	return (
		<Dialog title={title} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					of.save(mine());
				}}
			>
				{children}
				<Meanwhile of={of} />
				<Failure error={of.error} fields={fields} />
				<FormEnd onClose={onClose} busy={of.busy} label={label ?? t("action.save")} danger={danger} />
			</form>
		</Dialog>
	);
}

/** Asks before a thing is changed in a way that gives nothing to fill in. */
export function ChangeSure<T extends object>({ title, text, kept, to, label, danger, onClose }: { title: string; text: ComponentChildren; kept: Kept<T>; to: T; label: string; danger?: boolean; onClose: () => void }) {
	const change = useChange(kept);
	return (
		<ChangeForm title={title} of={change} mine={() => to} label={label} danger={danger} onClose={onClose}>
			<p>{text}</p>
		</ChangeForm>
	);
}

/** Without members that say nothing, which the hub takes for empty texts. */
export function said<T extends object>(thing: T): T {
	return Object.fromEntries(Object.entries(thing).filter(([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && !value.length))) as T;
}

/** The version that was seen when a form was opened, whatever comes while it is open; once the hub said no, the newest. */
export function useSeen(etag: string | null): { etag: string | null; again: () => void } {
	const [opened] = useState(etag);
	const [told, setTold] = useState(false);
	return { etag: told ? etag : opened, again: () => setTold(true) };
}

/** A list with one element put, put in another's place, or taken away. */
export function put<T>(list: readonly T[] | undefined, old: T | undefined, next: T | undefined): T[] {
	const all = list ?? [];
	if (!old) return next ? [...all, next] : [...all];
	return all.flatMap((one) => (one === old ? (next ? [next] : []) : [one]));
}

/** The buttons of a row that may be changed. */
export function RowActions({ name, onEdit, onRemove }: { name: string; onEdit?: () => void; onRemove?: () => void }) {
	return (
		<span class="row">
			{onEdit && (
				<button type="button" class="button quiet" onClick={onEdit}>
					{t("action.edit")}
					<span class="hidden"> {name}</span>
				</button>
			)}
			{onRemove && (
				<button type="button" class="button quiet" onClick={onRemove}>
					{t("action.takeAway")}
					<span class="hidden"> {name}</span>
				</button>
			)}
		</span>
	);
}
