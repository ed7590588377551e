/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_ORGANISATION_PARTS_H
#define HINOMI_STORE_ORGANISATION_PARTS_H

#include "store/form.h"

/* What the readers of organisations, groups and people share. */

/** Reads a JSON object and gives it its `id`, which must be this one where it is there already. */
HN_MUST_USE int identified_read(const char *text, size_t len, size_t max, const struct uuid *id, json_t **out,
				struct fault *fault);

/** Writes f->at canonically into the arena. */
HN_MUST_USE int canonical_text(const struct form *f, size_t max, char **out, size_t *len_out);

/** Checks `names`: at least one; each with its language, name and, in kana, its reading. */
HN_MUST_USE int names_read(const struct form *f, bool required);

/** Checks `sectors`: critical infrastructure and core infrastructure are two attributes of one organisation.
 */
HN_MUST_USE int sectors_read(const struct form *f);

/** Checks `contact_windows`. */
HN_MUST_USE int contact_windows_read(const struct form *f);

#endif
