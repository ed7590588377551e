/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_VERSION_H
#define HINOMI_BASE_VERSION_H

#define HINOMI_VERSION "0.1.0"

/**
 * The running program's GNU build id in hex: the linker's digest of its code, so a receipt can
 * name the very program that made it. "unknown" where the linker wrote none.
 */
const char *version_build_id(void);

#endif
