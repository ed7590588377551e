// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
// Small drawings, beside a text that says the same.
const paths = {
	situation: "M3 17l5-6 4 4 8-9M3 21h18",
	threats: "M12 3l9 16H3zM12 10v4M12 17v.5",
	authorisations: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5",
	edges: "M12 5v6M12 11l-6 5M12 11l6 5M10 3h4v4h-4zM4 16h4v4H4zM16 16h4v4h-4z",
	directory: "M4 20V8l8-5 8 5v12M9 20v-5h6v5M8 10h.5M12 10h.5M16 10h.5",
	search: "M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.5 15.5L21 21",
	person: "M12 4a4 4 0 110 8 4 4 0 010-8zM4 21c1-5 4-7 8-7s7 2 8 7",
	help: "M9 9a3 3 0 114 3c-1 .5-1 1-1 2M12 18v.5M12 2a10 10 0 100 20 10 10 0 000-20z",
	close: "M6 6l12 12M18 6L6 18",
	key: "M14 10a4 4 0 10-3 3.9L13 16h2v2h2v2h3v-3l-6.2-6.2",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
	return (
		<svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
			<path d={paths[name]} />
		</svg>
	);
}
