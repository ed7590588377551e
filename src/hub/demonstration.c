/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/demonstration.h"

#include "base/buf.h"
#include "base/lang.h"
#include "hub/config.h"
#include "store/asker.h"
#include "store/edge_documents.h"
#include "store/store.h"

#define TRUST_MAX ((size_t)16 << 20) /* as handed in */

bool demonstration_allowed(const struct hub_config *config, const struct trust *trust, struct fault *fault)
{
	if (trust->mark != TRUST_MARK_DEMO || hub_config_loopback(config))
		return true;
	(void)fault_set(fault, HN_EAUTH, "", "%s",
			tr("the trust file is marked demo, and a demonstration listens on loopback alone",
			   "信頼ファイルに demo の印がある。実演はループバックでのみ待ち受けできる"));
	return false;
}

static int read_trust(struct store *store, struct buf *out)
{
	struct asker hub;
	struct reader *reader;
	struct nation_document_row row;
	asker_hub(&hub);
	int err = store_read(store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = nation_documents_get(reader, NATION_TRUST, &row);
	if (err == HN_OK)
		err = edge_documents_get(reader, row.digest, out);
	reader_end(reader);
	return err;
}

int demonstration_check(const struct hub_config *config, struct store *store, struct fault *fault)
{
	struct buf text;
	struct trust trust;
	buf_init(&text, TRUST_MAX);
	int err = read_trust(store, &text);
	if (err == HN_OK)
		err = trust_parse(text.data, text.len, &trust, fault);
	buf_clear(&text);
	if (err == HN_ENOENT)
		return HN_OK;
	if (err != HN_OK)
		return fault->message[0] != '\0' ? err : fault_set(fault, err, "", "%s", hn_strerror(err));
	return demonstration_allowed(config, &trust, fault) ? HN_OK : HN_EAUTH;
}
