/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_MASK_H
#define HINOMI_STIX_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "stix/object.h"

/*
 * The rendition of an object for somebody who may see it, but not all of its parts. It is valid STIX by
 * itself, has an identifier of its own (nothing of the whole's) and says that it is masked:
 *
 *     "extensions": {"extension-definition--c6dcf75e-e8d1-4b48-87b2-0cd87af6018c":
 *       {"extension_type": "property-extension", "masked": true}}
 *
 * In STIX 2.0, which has no extensions, it is the property "x_hinomi_masked": true.
 */
#define STIX_MASKED_EXTENSION "extension-definition--c6dcf75e-e8d1-4b48-87b2-0cd87af6018c"
#define STIX_MASKED_PROPERTY  "x_hinomi_masked"

/** A part that is hidden: a selector of a granular marking (STIX 2.1, 7.2.3.1). */
struct stix_selector {
	const char *text;
	size_t len;
};

/**
 * Appends the object without the selected parts, compact. Granular markings of what is gone go with it, the
 * others' list positions follow; a list or dictionary that would be empty goes. The identifier becomes the
 * one given; created_by_ref can be selected like any other part.
 *
 * @return HN_ENOENT where what remains would not be valid STIX (a required part is hidden): then nothing of
 * the object is shown. HN_EFORMAT for a selector of something that is not there. HN_ENOMEM, or of out.
 */
HN_MUST_USE int stix_mask(const struct stix_object *o, const struct stix_selector *hidden, size_t count,
			  const struct uuid *id, struct buf *out);

#endif
