// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Group, Organisation } from "../api/schema";
import { t } from "../lang/text";
import { nameOf } from "../names";
import { Input, Select } from "./field";
import { useLoad } from "./load";

const FEW = 20;

interface Props {
	label: string;
	name: string;
	value: string;
	onValue: (id: string) => void;
	hint?: string;
	wrong?: string;
	required?: boolean;
	/** Who is not to be chosen. */
	but?: readonly string[];
}

interface Named {
	id?: string;
	ended?: boolean;
	names?: { language: string; name: string; reading?: string }[];
}

/** One of what has a name; with many there is a box to narrow them down by name or reading. */
function Pick({ of, ...props }: Props & { of: readonly Named[] }) {
	const [typed, setTyped] = useState("");
	const { value, but = [] } = props;
	const needle = typed.toLowerCase();
	const fits = (one: Named) => (one.names ?? []).some((name) => `${name.name} ${name.reading ?? ""}`.toLowerCase().includes(needle));
	const all = of.filter((one) => one.id && (one.id === value || (!one.ended && !but.includes(one.id))));
	const shown = all.filter((one) => one.id === value || fits(one));
	return (
		<div class="stack tight">
			{all.length > FEW && <Input label={t("directory.filter")} name={`${props.name}-filter`} type="search" value={typed} onValue={setTyped} />}
			<Select
				label={props.label}
				hint={props.hint}
				wrong={props.wrong}
				required={props.required}
				name={props.name}
				value={value}
				onValue={props.onValue}
				options={[{ value: "", label: t("pick.none") }, ...shown.map((one) => ({ value: one.id ?? "", label: nameOf(one) ?? one.id ?? "" }))]}
			/>
		</div>
	);
}

export function OrganisationPick({ kinds, ...props }: Props & { kinds?: (kind: Organisation["kind"]) => boolean }) {
	const loaded = useLoad(
		async (signal) =>
			(
				await hub.all(async (cursor) => {
					const page = await hub.organisations(cursor, signal);
					return { rows: page.organisations, next: page.next };
				})
			).rows,
		[],
	);
	return <Pick {...props} of={(loaded.value ?? []).filter((one) => !kinds || kinds(one.kind))} />;
}

export function GroupPick(props: Props) {
	const loaded = useLoad(
		async (signal): Promise<Group[]> =>
			(
				await hub.all(async (cursor) => {
					const page = await hub.groups(cursor, signal);
					return { rows: page.groups, next: page.next };
				})
			).rows,
		[],
	);
	return <Pick {...props} of={loaded.value ?? []} />;
}
