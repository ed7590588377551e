/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_DOCUMENTS_H
#define HINOMI_SENSOR_LIVE_DOCUMENTS_H

#include "sensor/live_case.h"

/* The documents of a live sensor's world, read again. What is broken or may not follow what is in force is
 * told, and changes nothing. */

/** @return as live_world_read() */
HN_MUST_USE int live_documents_read(struct live_world *w, struct fault *fault);

/**
 * Tells of a refusal, once for each content.
 *
 * @param seen  digest of what was refused
 */
void live_documents_refused(struct live_world *w, enum refusal r, const char *detail, const char *what,
			    const char *name, const uint8_t seen[SHA256_SIZE]);

#endif
