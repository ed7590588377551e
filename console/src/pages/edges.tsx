// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import * as hub from "../api/hub";
import { t, word } from "../lang/text";
import { number } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { Badge, Tlp } from "../ui/badge";
import { Load, useLive, useLoad } from "../ui/load";
import { Table } from "../ui/table";
import { Time } from "../ui/time";

export function Edges() {
	const sets = useLoad((signal) => hub.sets(signal), []);
	useLive(sets.again);
	return (
		<Page title={t("section.edges")} about={t("edges.about")}>
			<section class="card">
				<h2>{t("edges.sets")}</h2>
				<Load of={sets}>
					{({ rows }) => (
						<Table
							caption={t("edges.sets")}
							quiet
							keys
							rows={rows}
							id={(row) => row.id}
							empty={<p>{t("sets.none")}</p>}
							columns={[
								{ key: "name", label: t("set.name"), head: true, show: (row) => <Link to={`/threats/sets/${row.id}`}>{row.names[language.value]}</Link> },
								{ key: "action", label: t("set.action"), class: "tight", show: (row) => <Badge>{word("action", row.action)}</Badge> },
								{ key: "tlp", label: t("set.audience"), class: "tight", show: (row) => <Tlp level={row.marking.tlp} /> },
								{ key: "version", label: t("set.version"), class: "number", show: (row) => (row.version ? number(row.version, language.value) : t("set.unpublished")) },
								{ key: "entries", label: t("set.entries"), class: "number", show: (row) => number(row.entries, language.value) },
								{ key: "expires", label: t("set.expires"), class: "tight", show: (row) => <Time value={row.expires} /> },
							]}
						/>
					)}
				</Load>
			</section>
		</Page>
	);
}
