// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { t } from "../lang/text";
import { Page } from "../shell/page";

export function Authorisations() {
	return (
		<Page title={t("section.authorisations")} about={t("authorisations.about")}>
			<section class="card">
				<p class="alert">{t("authorisations.notHere")}</p>
			</section>
		</Page>
	);
}
