// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
/** What sensors and resolvers report; the hub says so once it has edges. */
export function Observed() {
	return null;
}
