// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import * as hub from "../api/hub";
import { t, word } from "../lang/text";
import { bytes } from "../model/format";
import { language } from "../preferences";
import { Page } from "../shell/page";
import { Link } from "../shell/router";
import { Badge } from "../ui/badge";
import { Load, useLive, useLoad } from "../ui/load";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { SetFacts, StandingTable } from "./approvals";

interface File {
	digest: string;
	size: number;
}
interface Payload {
	version: number;
	issued: string;
	expires: string;
	base: File | null;
	overlays: File[];
}

/** What a head says; its signature is for those who use the set, not for this page. */
export function readHead(payload: string): Payload | undefined {
	try {
		const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
		const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Payload>;
		if (typeof value.version !== "number") return undefined;
		return { version: value.version, issued: String(value.issued), expires: String(value.expires), base: value.base ?? null, overlays: Array.isArray(value.overlays) ? value.overlays : [] };
	} catch {
		return undefined;
	}
}

export function SetPage({ id }: { id: string }) {
	const loaded = useLoad(
		async (signal) => {
			const [set, head, approved] = await Promise.all([
				hub.oneSet(id, signal),
				hub.setHead(id, signal).catch(() => undefined),
				hub.approvals(id, "approved", undefined, signal).catch(() => ({ approvals: [] })),
			]);
			return { set, head: head ? readHead(head.payload) : undefined, approved: approved.approvals };
		},
		[id],
	);
	useLive(loaded.again);
	return (
		<Load of={loaded}>
			{({ set, head, approved }) => (
				<Page
					crumbs={
						<>
							<Link to="/threats">{t("section.threats")}</Link> › <Link to="/threats/approvals">{t("approvals.title")}</Link>
						</>
					}
					title={set.names[language.value]}
					about={<Badge>{word("action", set.action)}</Badge>}
				>
					<div class="side">
						<section class="card">
							<h2>{t("set.inForce")}</h2>
							<StandingTable caption={t("set.inForce")} rows={approved.map((approval) => ({ set, approval }))} empty={<p>{t("set.empty")}</p>} />
						</section>
						<div class="stack">
							<section class="card">
								<h2>{t("set.title")}</h2>
								<SetFacts set={set} />
							</section>
							<section class="card">
								<h2>{t("set.published")}</h2>
								{head ? (
									<>
										<dl class="facts">
											<dt>{t("set.version")}</dt>
											<dd>{head.version}</dd>
											<dt>{t("set.issued")}</dt>
											<dd>
												<Time value={head.issued} both />
											</dd>
											<dt>{t("set.expires")}</dt>
											<dd>
												<Time value={head.expires} both />
											</dd>
										</dl>
										<Table
											caption={t("set.files")}
											rows={[...(head.base ? [{ what: t("set.base"), file: head.base }] : []), ...head.overlays.map((file, at) => ({ what: t("set.overlay", { n: at + 1 }), file }))]}
											id={(row) => row.file.digest}
											columns={[
												{ key: "what", label: t("set.file"), head: true, class: "tight", show: (row) => row.what },
												{ key: "size", label: t("set.size"), class: "number", show: (row) => bytes(row.file.size, language.value) },
												{ key: "digest", label: "SHA-256", show: (row) => <span class="value small">{row.file.digest}</span> },
											]}
										/>
									</>
								) : (
									<p class="soft">{t("set.unpublished")}</p>
								)}
							</section>
						</div>
					</div>
				</Page>
			)}
		</Load>
	);
}
