/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_OCSF_H
#define HINOMI_BASE_OCSF_H

/** The OCSF version of every record that our programs write; the one place that names it. */
#define OCSF_VERSION "1.3.0"

#endif
