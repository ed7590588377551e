// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { useState } from "preact/hooks";
import * as hub from "../api/hub";
import type { Group, Organisation } from "../api/schema";
import { t, word } from "../lang/text";
import { nameOf, remember } from "../names";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { administers, me } from "../session";
import { Badge } from "../ui/badge";
import { useChange, type Kept } from "../ui/change";
import { Area, Check } from "../ui/field";
import { ChangeForm, said, wrongOf } from "../ui/form";
import { Load, useLoad } from "../ui/load";
import { OrganisationName } from "../ui/names";
import { OrganisationPick } from "../ui/pick";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { tell } from "../ui/toast";
import { useNames } from "./names_form";

/** A sharing group and who is in it. */
export function GroupPage({ id }: { id: string }) {
	const [editing, setEditing] = useState(false);
	const loaded = useLoad(
		async (signal) => {
			const [answer, members] = await Promise.all([
				hub.group(id, signal),
				hub.all(async (cursor) => {
					const page = await hub.members(id, cursor, signal);
					return { rows: page.organisations, next: page.next };
				}),
			]);
			remember(id, answer.value);
			for (const one of members.rows) remember(one.id, one);
			return { group: answer.value, etag: answer.etag, members: members.rows };
		},
		[id],
	);
	return (
		<Load of={loaded}>
			{({ group, etag, members }) => {
				const centre = administers.value && me.value?.kind === "centre";
				const may = centre || (administers.value && me.value?.organisation === group.keeper);
				const membership = (of: Organisation) => (of.memberships ?? []).find((one) => one.group === id);
				const kept: Kept<Group> = {
					value: group,
					etag,
					read: () => hub.group(id),
					write: (to, tag, key) => hub.putGroup(id, to, tag, key),
					done: () => {
						tell(t("saved"));
						setEditing(false);
						loaded.again();
					},
				};
				return (
					<Page
						crumbs={
							<>
								<Link to="/directory">{t("section.directory")}</Link> › <Link to="/directory?tab=groups">{t("directory.groups")}</Link>
							</>
						}
						title={nameOf(group) ?? id}
						about={
							<span class="row">
								{group.ended && <Badge tone="hot">{t("directory.ended")}</Badge>}
								{t("group.keeper")}: <OrganisationName id={group.keeper} />
							</span>
						}
						actions={
							may && (
								<button type="button" class="button" onClick={() => setEditing(true)}>
									{t("group.edit")}
								</button>
							)
						}
					>
						{group.description && <p class="note pre">{group.description}</p>}
						<section class="card">
							<h2>{t("group.members")}</h2>
							<p class="note">{t("group.membersAbout")}</p>
							<Table<Organisation>
								caption={t("group.members")}
								quiet
								keys
								rows={members}
								id={(row) => row.id ?? ""}
								empty={<p>{t("group.noMembers")}</p>}
								columns={[
									{ key: "name", label: t("directory.name"), head: true, show: (row) => <OrganisationName id={row.id} /> },
									{ key: "kind", label: t("directory.kind"), class: "tight", show: (row) => word("kind", row.kind) },
									{ key: "consent", label: t("organisation.consent"), show: (row) => <Time value={membership(row)?.consent} /> },
									{ key: "until", label: t("approval.until"), class: "tight", show: (row) => <Time value={membership(row)?.until} /> },
								]}
							/>
						</section>
						{editing && <EditGroup kept={kept} centre={centre} onClose={() => setEditing(false)} />}
					</Page>
				);
			}}
		</Load>
	);
}

function EditGroup({ kept, centre, onClose }: { kept: Kept<Group>; centre: boolean; onClose: () => void }) {
	const change = useChange(kept);
	const wrong = wrongOf(change.error);
	const { names, fields } = useNames(kept.value.names, wrong);
	const [description, setDescription] = useState(kept.value.description ?? "");
	const [keeper, setKeeper] = useState(kept.value.keeper);
	const [ended, setEnded] = useState(kept.value.ended === true);
	return (
		<ChangeForm
			title={t("group.edit")}
			of={change}
			mine={() => ({ ...said({ ...kept.value, description: description.trim() }), names, keeper, ...(ended !== (kept.value.ended === true) ? { ended } : {}) })}
			fields={["names/*/name", "names/*/reading", "description", "keeper"]}
			onClose={onClose}
		>
			{fields}
			<Area label={t("group.description")} name="description" rows={3} value={description} onValue={setDescription} maxLength={1300} wrong={wrong("description")} />
			{centre && (
				<>
					<OrganisationPick label={t("group.keeper")} name="keeper" value={keeper} onValue={setKeeper} required wrong={wrong("keeper")} />
					<Check label={t("group.ended")} name="ended" checked={ended} onValue={setEnded} />
				</>
			)}
		</ChangeForm>
	);
}
