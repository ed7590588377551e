// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { t } from "../lang/text";
import { isStixId } from "../model/stix";
import { Account } from "../pages/account";
import { ApprovalPage } from "../pages/approval";
import { Approvals } from "../pages/approvals";
import { AuthorisationPage } from "../pages/authorisation";
import { Authorisations } from "../pages/authorisations";
import { Directory } from "../pages/directory";
import { EdgePage } from "../pages/edge";
import { Edges } from "../pages/edges";
import { Extract } from "../pages/extract";
import { GroupPage } from "../pages/group";
import { HoldPage, Holds } from "../pages/holds";
import { ObjectPage } from "../pages/object";
import { OrganisationPage } from "../pages/organisation";
import { PersonPage } from "../pages/person";
import { SetPage } from "../pages/set";
import { Situation } from "../pages/situation";
import { Threats } from "../pages/threats";
import { Page } from "./page";
import { Link } from "./router";

// Every page by its path. The hub serves the same paths (src/hub/console).

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

interface Routed {
	title: () => string;
	show: () => ComponentChildren;
}
interface Row {
	path: RegExp;
	title: () => string;
	show: (...parts: string[]) => ComponentChildren;
}

const rows: Row[] = [
	{ path: /^\/(situation|sign-in)?$/, title: () => t("section.situation"), show: () => <Situation /> },
	{ path: /^\/threats$/, title: () => t("section.threats"), show: () => <Threats /> },
	{ path: /^\/threats\/extract$/, title: () => t("extract.title"), show: () => <Extract /> },
	{ path: /^\/threats\/approvals$/, title: () => t("approvals.title"), show: () => <Approvals /> },
	{ path: /^\/threats\/holds$/, title: () => t("holds.title"), show: () => <Holds /> },
	{ path: new RegExp(`^/threats/holds/(${UUID})$`), title: () => t("hold.title"), show: (id) => <HoldPage key={id} id={id ?? ""} /> },
	{ path: new RegExp(`^/threats/sets/(${UUID})$`), title: () => t("set.title"), show: (set) => <SetPage key={set} id={set ?? ""} /> },
	{
		path: new RegExp(`^/threats/sets/(${UUID})/approvals/(${UUID})$`),
		title: () => t("approval.title"),
		show: (set, id) => <ApprovalPage key={id} set={set ?? ""} id={id ?? ""} />,
	},
	{ path: /^\/threats\/objects\/([a-z0-9-]+--[0-9a-f-]{36})$/, title: () => t("object.title"), show: (id) => (id && isStixId(id) ? <ObjectPage key={id} id={id} /> : <Nowhere />) },
	{ path: /^\/authorisations$/, title: () => t("section.authorisations"), show: () => <Authorisations /> },
	{ path: new RegExp(`^/authorisations/(${UUID})$`), title: () => t("section.authorisations"), show: (id) => <AuthorisationPage key={id} id={id ?? ""} /> },
	{ path: new RegExp(`^/edges/(${UUID})$`), title: () => t("edge.title"), show: (id) => <EdgePage key={id} id={id ?? ""} /> },
	{ path: /^\/edges$/, title: () => t("section.edges"), show: () => <Edges /> },
	{ path: /^\/directory$/, title: () => t("section.directory"), show: () => <Directory /> },
	{ path: new RegExp(`^/directory/groups/(${UUID})$`), title: () => t("directory.groups"), show: (id) => <GroupPage key={id} id={id ?? ""} /> },
	{ path: new RegExp(`^/directory/organisations/(${UUID})$`), title: () => t("organisation.title"), show: (id) => <OrganisationPage key={id} id={id ?? ""} /> },
	{ path: new RegExp(`^/directory/people/(${UUID})$`), title: () => t("person.title"), show: (id) => <PersonPage key={id} id={id ?? ""} /> },
	{ path: /^\/account$/, title: () => t("account.title"), show: () => <Account /> },
];

export function routed(path: string): Routed {
	for (const row of rows) {
		const found = row.path.exec(path);
		if (found) return { title: row.title, show: () => row.show(...found.slice(1)) };
	}
	return { title: () => t("nowhere.title"), show: () => <Nowhere /> };
}

function Nowhere() {
	return (
		<Page title={t("nowhere.title")} about={t("nowhere.about")}>
			<p>
				<Link to="/situation">{t("section.situation")}</Link>
			</p>
		</Page>
	);
}
