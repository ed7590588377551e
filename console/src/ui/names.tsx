// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { shortId } from "../model/format";
import { lookUp } from "../names";
import { Link } from "../shell/router";

/** Who is meant, by name where one may know it. */
export function OrganisationName({ id, link = true }: { id: string | undefined; link?: boolean }) {
	if (!id) return null;
	const name = lookUp("organisations", id) ?? shortId(id);
	return link ? <Link to={`/directory/organisations/${id}`}>{name}</Link> : <span>{name}</span>;
}

/** By name where one may know it, else by the whole number: it stands in documents that people compare. */
function Named({ kind, id, to }: { kind: "edges" | "sets"; id: string; to: string }) {
	const name = lookUp(kind, id);
	return (
		<Link to={to} class={name ? undefined : "value"}>
			{name ?? id}
		</Link>
	);
}

export const EdgeName = ({ id }: { id: string }) => <Named kind="edges" id={id} to={`/edges/${id}`} />;
export const SetName = ({ id }: { id: string }) => <Named kind="sets" id={id} to={`/threats/sets/${id}`} />;

export function GroupName({ id }: { id: string }) {
	return <Link to={`/directory/groups/${id}`}>{lookUp("groups", id) ?? shortId(id)}</Link>;
}

export function PersonName({ id }: { id: string | undefined }) {
	if (!id) return null;
	return <span title={id}>{lookUp("people", id) ?? shortId(id)}</span>;
}
