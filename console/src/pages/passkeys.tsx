// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
/** One's passkeys, where the hub has them. */
export function Passkeys() {
	return null;
}
