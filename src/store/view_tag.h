/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_VIEW_TAG_H
#define HINOMI_STORE_VIEW_TAG_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "store/store.h"

/**
 * A digest of what stands under the labels that the reader sees. While it is the same, so are the newest
 * versions that he is given, byte for byte and in their order. It is made of these labels alone: what he
 * does not see changes nothing in it. It costs a look at each of his labels, however many objects there are.
 */
HN_MUST_USE int view_tag(struct reader *reader, uint8_t out[SHA256_SIZE]);

/** In a job: versions under this label, or parts of them, have another label than before, or have this one
 * now. */
HN_MUST_USE int view_tag_moved(struct writing *w, int64_t label);

#endif
