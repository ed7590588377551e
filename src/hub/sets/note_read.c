/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/request/request_store.h"
#include "hub/sets/sets.h"
#include "store/labels.h"
#include "store/store.h"

int sets_note_read(struct request *r, struct reader *reader, int64_t number, const uint8_t digest[32])
{
	struct label label;
	int64_t both[2];
	int err = labels_get(reader_labels(reader), number, &label, both);
	if (err != HN_OK || (label.clearance == 0 && label.tlp < TLP_AMBER_STRICT))
		return err;
	return request_note_read(r, digest, 1, tlp_name(label.tlp));
}
