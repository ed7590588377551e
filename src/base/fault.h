/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_FAULT_H
#define HINOMI_BASE_FAULT_H

/**
 * What was wrong with something that people wrote, and where. The caller holds it, passes it
 * as the last parameter and may pass NULL. Fill it with fault_set(); print both parts.
 */
struct fault {
	char place[256];   /* file and line, or a JSON pointer, or a field's name; may be empty */
	char message[512]; /* what is wrong and what to do, in the user's language */
};

/**
 * Fills a fault (nothing happens for NULL) and hands back err, so that one can write
 * `return fault_set(fault, HN_EFORMAT, "/until", tr("...", "..."), ...)`.
 */
int fault_set(struct fault *fault, int err, const char *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
