/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/terms.h"

#include <string.h>

#include "base/lang.h"
#include "hub/request/request_store.h"
#include "store/sources.h"

int source_of_request(struct request *r, struct source *out)
{
	struct reader *reader;
	struct uuid id;
	size_t len;
	const char *name = request_query(r, "source", &len);
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	if (name == NULL)
		err = sources_default(reader, out);
	else
		err = uuid_parse(name, len, &id) == HN_OK ? sources_find(reader, &id, out) : HN_ENOENT;
	reader_end(reader);
	if (err == HN_OK && out->organisation != r->who.asker->organisation)
		err = HN_ENOENT;
	if (err == HN_ENOENT && name != NULL)
		return fault_set(&r->fault, err, "source",
				 tr("your organisation has no such source", "自組織にその情報源はない"));
	if (err == HN_OK && !out->enabled)
		return fault_set(&r->fault, HN_ESTATE, "source",
				 tr("the source is disabled", "この情報源は停止中である"));
	return err;
}

void terms_of_source(const struct source *source, struct intake_terms *out)
{
	memset(out, 0, sizeof(*out));
	out->owner = source->organisation;
	out->source = source->number;
	out->spec = STIX_2_1;
	out->label = source->label;
}

int terms_of_request(struct request *r, struct intake_terms *out)
{
	const struct asker *asker = r->who.asker;
	struct source source = {0};
	if (asker->organisation == 0)
		return HN_EAUTH;
	int err = source_of_request(r, &source);
	if (err == HN_OK) {
		terms_of_source(&source, out);
		return HN_OK;
	}
	if (err != HN_ENOENT || r->fault.place[0] != '\0')
		return err;
	memset(out, 0, sizeof(*out));
	out->owner = asker->organisation;
	out->spec = STIX_2_0; /* STIX 2.1, 3.2: what an object without spec_version is */
	label_init(&out->label, asker->organisation);
	return HN_OK;
}
