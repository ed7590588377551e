// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../lang/text";
import { fromInput, toInput } from "../model/format";

interface Shared {
	label: string;
	hint?: string;
	/** What the hub, or we, have against it. */
	wrong?: string;
	required?: boolean;
}

/** What the hub says of a field goes on behind the field's name: "must be …", "は…". */
export function clause(name: string, said: string): string {
	if (!name) return said;
	return /^[はがのにを]/.test(said) ? name + said : `${name}: ${said}`;
}

function Frame({ id, label, hint, wrong, required, children }: Shared & { id: string; children: ComponentChildren }) {
	return (
		<div class="field">
			<label for={id}>
				{label}
				{required && <span class="soft"> ({t("form.required")})</span>}
			</label>
			{hint && (
				<span class="hint" id={`${id}-hint`}>
					{hint}
				</span>
			)}
			{children}
			{wrong && (
				<span class="wrong" id={`${id}-wrong`}>
					{/^[はがのにを]/.test(wrong) ? clause(label, wrong) : wrong}
				</span>
			)}
		</div>
	);
}

const describe = (id: string, { hint, wrong }: Shared) =>
	[hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ") || undefined;

type Own<E extends EventTarget> = Omit<JSX.HTMLAttributes<E>, "label" | "onInput" | "value" | "ref">;

type InputProps = Shared &
	Own<HTMLInputElement> & {
		name: string;
		value: string;
		onValue: (value: string) => void;
		type?: string;
		autocomplete?: string;
		autofocus?: boolean;
		mono?: boolean;
		inputMode?: "text" | "numeric" | "email" | "tel" | "url";
		maxLength?: number;
		pattern?: string;
		placeholder?: string;
		min?: string;
		max?: string;
		list?: string;
	};

export function Input(props: InputProps) {
	const id = useId();
	const { label, hint, wrong, required, onValue, mono, autofocus, ...rest } = props;
	return (
		<Frame id={id} label={label} hint={hint} wrong={wrong} required={required}>
			<input
				{...rest}
				id={id}
				class={mono ? "input mono" : "input"}
				required={required}
				autofocus={autofocus}
				aria-invalid={wrong ? "true" : undefined}
				aria-describedby={describe(id, props)}
				onInput={(event) => onValue(event.currentTarget.value)}
			/>
		</Frame>
	);
}

type AreaProps = Shared & {
	name: string;
	value: string;
	onValue: (value: string) => void;
	rows?: number;
	class?: string;
	maxLength?: number;
	placeholder?: string;
};

export function Area(props: AreaProps) {
	const id = useId();
	const { label, hint, wrong, required, onValue, class: more, ...rest } = props;
	return (
		<Frame id={id} label={label} hint={hint} wrong={wrong} required={required}>
			<textarea
				{...rest}
				id={id}
				class={`input ${more ?? ""}`}
				required={required}
				aria-invalid={wrong ? "true" : undefined}
				aria-describedby={describe(id, props)}
				onInput={(event) => onValue(event.currentTarget.value)}
				onKeyDown={(event) => {
					if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
					event.preventDefault();
					event.currentTarget.form?.requestSubmit();
				}}
			/>
		</Frame>
	);
}

type SelectProps = Shared & {
	name: string;
	value: string;
	onValue: (value: string) => void;
	options: readonly { value: string; label: string }[];
};

export function Select(props: SelectProps) {
	const id = useId();
	const { label, hint, wrong, required, onValue, options, name, value } = props;
	return (
		<Frame id={id} label={label} hint={hint} wrong={wrong} required={required}>
			<select
				id={id}
				name={name}
				class="input"
				required={required}
				aria-invalid={wrong ? "true" : undefined}
				aria-describedby={describe(id, props)}
				onChange={(event) => onValue(event.currentTarget.value)}
			>
				{options.map((one) => (
					<option key={one.value} value={one.value} selected={one.value === value}>
						{one.label}
					</option>
				))}
			</select>
		</Frame>
	);
}

interface CheckProps {
	label: ComponentChildren;
	checked: boolean;
	onValue: (checked: boolean) => void;
	name?: string;
	disabled?: boolean;
}

export function Check({ label, checked, onValue, name, disabled }: CheckProps) {
	return (
		<label class="check">
			<input type="checkbox" name={name} checked={checked} disabled={disabled} onChange={(event) => onValue(event.currentTarget.checked)} />
			<span>{label}</span>
		</label>
	);
}

/** Several of a few. */
export function Checks({ legend, hint, wrong, of, chosen, onValue }: { legend: string; hint?: string; wrong?: string; of: readonly { value: string; label: string }[]; chosen: readonly string[]; onValue: (chosen: string[]) => void }) {
	const id = useId();
	return (
		<fieldset class="field" aria-describedby={describe(id, { label: legend, hint, wrong })}>
			<legend>{legend}</legend>
			{hint && (
				<span class="hint" id={`${id}-hint`}>
					{hint}
				</span>
			)}
			<div class="checks">
				{of.map((one) => (
					<Check
						key={one.value}
						label={one.label}
						checked={chosen.includes(one.value)}
						onValue={(on) => onValue(on ? [...chosen, one.value] : chosen.filter((value) => value !== one.value))}
					/>
				))}
			</div>
			{wrong && (
				<span class="wrong" id={`${id}-wrong`}>
					{clause(legend, wrong)}
				</span>
			)}
		</fieldset>
	);
}

type MomentProps = Shared & { name: string; value: string | undefined; onValue: (value: string | undefined) => void };

/** A time where the reader is; as it was to the microsecond while it is not touched. */
export function Moment({ value, onValue, ...rest }: MomentProps) {
	const time = value ? new Date(value) : undefined;
	const [text, setText] = useState(time ? toInput(time) : "");
	return (
		<Input
			{...rest}
			type="datetime-local"
			value={text}
			onValue={(next) => {
				setText(next);
				onValue(fromInput(next));
			}}
		/>
	);
}
