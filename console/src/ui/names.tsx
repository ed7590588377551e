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

export function PersonName({ id }: { id: string | undefined }) {
	if (!id) return null;
	return <span title={id}>{lookUp("people", id) ?? shortId(id)}</span>;
}
