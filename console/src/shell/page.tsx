// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { arrive } from "./router";

/** A page's head: its name, what it is for, what one can do. */
export function Page({ title, about, actions, crumbs, children }: { title: ComponentChildren; about?: ComponentChildren; actions?: ComponentChildren; crumbs?: ComponentChildren; children: ComponentChildren }) {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => arrive(heading.current), []);
	return (
		<>
			<div class="page-head">
				<div class="stack tight">
					{crumbs && <div class="crumbs">{crumbs}</div>}
					<h1 tabIndex={-1} ref={heading}>{title}</h1>
					{about && <p>{about}</p>}
				</div>
				{actions && <div class="actions">{actions}</div>}
			</div>
			<div class="stack">{children}</div>
		</>
	);
}
