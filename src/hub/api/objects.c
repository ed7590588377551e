/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/objects.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/hub.h"
#include "hub/record/reading.h"
#include "hub/request/request_store.h"
#include "store/directory.h"
#include "store/labels.h"

#define TYPES_MAX_Q  32
#define VERSIONS_MAX 1000
#define PAGE_BYTES   (8u << 20) /* of a page; then it ends early, with `next` */

/* ---- writing ---- */

static void write_marking(struct reader *reader, int64_t number, struct buf *out)
{
	struct label label;
	int64_t both[2];
	int err = labels_get(reader_labels(reader), number, &label, both);
	if (err == HN_EUNSUPPORTED)
		err = labels_get(reader_labels(reader), both[1], &label, both);
	if (err != HN_OK)
		return;
	buf_addf(out, ",\"marking\":{\"tlp\":\"%s\",\"pap\":\"%s\"", tlp_name(label.tlp),
		 pap_name(label.pap));
	if (label.clearance > 0)
		buf_addf(out, ",\"clearance\":%u", label.clearance);
	if (label.originator_control)
		buf_adds(out, ",\"originator_control\":true");
	if (label.selected)
		buf_adds(out, ",\"selected\":true");
	buf_addc(out, '}');
}

const char *object_owner_text(struct request *r, int64_t number, struct object_owner *owner)
{
	struct directory *d = hub_of(r)->directory;
	struct uuid id;
	struct buf unseen;
	int64_t revision;
	if (number == owner->number)
		return owner->text;
	*owner = (struct object_owner){.number = number};
	buf_init(&unseen, 1 << 20);
	if (directory_uuid(d, DIRECTORY_ORGANISATION, number, &id) == HN_OK &&
	    directory_get(d, r->who.asker, r->received_ns / 1000, DIRECTORY_ORGANISATION, &id, &unseen,
			  &revision) == HN_OK)
		uuid_format(&id, owner->text);
	buf_clear(&unseen);
	return owner->text;
}

int object_item_write(struct request *r, struct reader *reader, const struct object_row *row,
		      struct object_owner *owner, struct buf *out)
{
	char added[UTC_SIZE], modified[UTC_SIZE];
	utc_format(row->seq * 1000, added);
	utc_format(row->modified_ns, modified);
	buf_addf(out, "{\"added\":\"%s\",\"version\":\"%s\"", added, modified);
	if (row->masked)
		buf_adds(out, ",\"masked\":true");
	if (object_owner_text(r, row->owner, owner)[0] != '\0')
		buf_addf(out, ",\"owner\":\"%s\"", owner->text);
	write_marking(reader, row->label, out);
	buf_adds(out, ",\"object\":");
	buf_add(out, row->bytes, row->len);
	buf_addc(out, '}');
	return buf_err(out);
}

/* ?owner=: whom the asker may not see gave nothing that he sees. */
static int read_owner(struct request *r, int64_t *out)
{
	enum { NOBODY = -1 };
	struct directory *d = hub_of(r)->directory;
	struct uuid id;
	struct buf unseen;
	size_t len;
	int64_t revision;
	const char *text = request_query(r, "owner", &len);
	if (text == NULL)
		return HN_OK;
	if (uuid_parse(text, len, &id) != HN_OK)
		return fault_set(&r->fault, HN_EFORMAT, "owner", tr("is no UUID", "UUIDではない"));
	buf_init(&unseen, 1 << 20);
	int err = directory_get(d, r->who.asker, r->received_ns / 1000, DIRECTORY_ORGANISATION, &id, &unseen,
				&revision);
	buf_clear(&unseen);
	if (err != HN_OK && err != HN_ENOENT)
		return err;
	int64_t number = err == HN_OK ? directory_number(d, DIRECTORY_ORGANISATION, &id) : 0;
	*out = number > 0 ? number : NOBODY;
	return HN_OK;
}

/* A page that is being written: items between "[" and "]", and where the next begins. */
struct page {
	struct request *request;
	struct reader *reader;
	struct object_owner owner;
	struct buf *body;
	struct reading reading;
	size_t count;
	int64_t last;
	bool full;
};

static int add_item(void *context, const struct object_row *row)
{
	struct page *p = context;
	if (p->count > 0 && p->body->len + row->len > PAGE_BYTES) {
		p->full = true;
		return HN_ELIMIT;
	}
	buf_adds(p->body, p->count++ == 0 ? "" : ",");
	p->last = row->seq;
	reading_add(&p->reading, row);
	return object_item_write(p->request, p->reader, row, &p->owner, p->body);
}

static int begin(struct request *r, struct page *p)
{
	int err = request_read(r, &p->reader);
	if (err != HN_OK)
		return err;
	p->request = r;
	p->body = answer_body(r);
	reading_begin(&p->reading, r, p->reader);
	buf_adds(p->body, "{\"objects\":[");
	return HN_OK;
}

/* Ends the list and the reader; members that follow the list may be added by the caller, which sends. */
static int finish(struct page *p, int err, bool more)
{
	if (err == HN_ELIMIT && p->full)
		err = HN_OK;
	buf_addc(p->body, ']');
	if (err == HN_OK && (more || p->full))
		common_next(p->body, p->last);
	if (err == HN_OK)
		err = reading_end(&p->reading);
	reader_end(p->reader);
	return err;
}

/* ---- pages ---- */

static int read_types(struct request *r, struct object_filter *f)
{
	const char **types = arena_alloc(r->arena, TYPES_MAX_Q * sizeof(*types));
	if (types == NULL)
		return HN_ENOMEM;
	size_t at = 0, len;
	const char *type;
	while ((type = request_query_next(r, "type", &at, &len)) != NULL) {
		if (f->type_count == TYPES_MAX_Q)
			return fault_set(&r->fault, HN_EFORMAT, "type",
					 tr("more than %d types", "型が%d個を超えている"), TYPES_MAX_Q);
		if ((types[f->type_count++] = arena_text(r->arena, type, len)) == NULL)
			return HN_ENOMEM;
	}
	f->types = types;
	return HN_OK;
}

int objects_list_get(struct request *r)
{
	struct object_filter f = {.content = true};
	int err = common_cursor(r, &f.after_seq);
	if (err == HN_OK)
		err = read_types(r, &f);
	if (err == HN_OK)
		err = read_owner(r, &f.owner);
	size_t len;
	const char *versions = request_query(r, "versions", &len);
	if (versions != NULL)
		f.versions = strcmp(versions, "all") == 0     ? OBJECT_ALL
			     : strcmp(versions, "first") == 0 ? OBJECT_FIRST
							      : OBJECT_LAST;
	struct page p = {0};
	if (err == HN_OK)
		err = begin(r, &p);
	if (err != HN_OK)
		return err;
	bool more = false;
	err = objects_page(p.reader, &f, request_query_number(r, "limit", COMMON_LIMIT), add_item, &p, &more);
	err = finish(&p, err, more);
	if (err != HN_OK)
		return err;
	buf_addc(p.body, '}');
	return answer_send(r, 200, NULL);
}

int object_versions_get(struct request *r)
{
	struct object_filter f = {
		.ids = &r->params[0].id, .id_count = 1, .versions = OBJECT_ALL, .content = true};
	struct page p = {0};
	int err = read_owner(r, &f.owner);
	if (err == HN_OK)
		err = begin(r, &p);
	if (err != HN_OK)
		return err;
	bool more = false;
	err = objects_page(p.reader, &f, VERSIONS_MAX, add_item, &p, &more);
	err = finish(&p, err, more);
	if (err != HN_OK)
		return err;
	if (p.count == 0)
		return HN_ENOENT;
	buf_addc(p.body, '}');
	return answer_send(r, 200, NULL);
}

static int ignore_row(void *context, const struct object_row *row)
{
	(void)context;
	(void)row;
	return HN_OK;
}

int object_relations_get(struct request *r)
{
	int64_t after = 0;
	int err = common_cursor(r, &after);
	struct page p = {0};
	if (err == HN_OK)
		err = begin(r, &p);
	if (err != HN_OK)
		return err;
	bool more = false;
	/* Who may not see the object learns nothing of what points to it, as if it were not there. */
	err = objects_get(p.reader, &r->params[0].id, ignore_row, NULL);
	if (err == HN_OK)
		err = objects_referring(p.reader, &r->params[0].id, after,
					request_query_number(r, "limit", COMMON_LIMIT), add_item, &p, &more);
	err = finish(&p, err, more);
	if (err != HN_OK)
		return err;
	buf_addc(p.body, '}');
	return answer_send(r, 200, NULL);
}

/* ---- one object ---- */

struct whole {
	struct request *request;
	struct reader *reader;
	struct reading reading;
	char etag[2 * 16 + 1];
	bool masked, found;
	enum stix_spec spec;
	int64_t seq, owner;
};

/* An entity tag of the bytes that this asker gets: of a rendition it says nothing of the whole. */
static int take_whole(void *context, const struct object_row *row)
{
	struct whole *o = context;
	uint8_t digest[SHA256_SIZE];
	struct buf *body = answer_body(o->request);
	sha256(row->bytes, row->len, digest);
	hex_encode(digest, 16, o->etag);
	buf_add(body, row->bytes, row->len);
	o->masked = row->masked;
	o->spec = row->spec;
	o->seq = row->seq;
	o->owner = row->owner;
	o->found = true;
	reading_add(&o->reading, row);
	return buf_err(body);
}

static int read_version(struct request *r, struct object_filter *f, int64_t *time_ns)
{
	size_t len;
	const char *version = request_query(r, "version", &len);
	if (version == NULL)
		return HN_OK;
	if (utc_parse(version, len, time_ns) != HN_OK)
		return fault_set(&r->fault, HN_EFORMAT, "version", tr("is no time", "時刻ではない"));
	f->version_ns = time_ns;
	f->version_count = 1;
	return HN_OK;
}

int object_get(struct request *r)
{
	struct whole o = {.request = r};
	struct object_filter f = {.ids = &r->params[0].id, .id_count = 1, .content = true};
	int64_t version;
	int err = read_version(r, &f, &version);
	if (err == HN_OK)
		err = read_owner(r, &f.owner);
	if (err == HN_OK)
		err = request_read(r, &o.reader);
	if (err != HN_OK)
		return err;
	reading_begin(&o.reading, r, o.reader);
	bool more;
	err = objects_page(o.reader, &f, 1, take_whole, &o, &more);
	reader_end(o.reader);
	if (err == HN_OK && !o.found)
		err = HN_ENOENT;
	if (err == HN_OK)
		err = reading_end(&o.reading);
	if (err != HN_OK)
		return err;
	answer_etag(r, o.etag);
	char added[UTC_SIZE];
	utc_format(o.seq * 1000, added);
	answer_header(r, "X-Added", added);
	struct object_owner owner = {0};
	if (object_owner_text(r, o.owner, &owner)[0] != '\0')
		answer_header(r, "X-Owner", owner.text);
	if (o.masked)
		answer_header(r, "X-Masked", "true");
	if (request_has_etag(r, o.etag)) {
		buf_reset(answer_body(r));
		return answer_send(r, 304, NULL);
	}
	return answer_send(r, 200,
			   o.spec == STIX_2_0 ? "application/stix+json;version=2.0"
					      : "application/stix+json;version=2.1");
}

int object_counts_get(struct request *r)
{
	struct reader *reader;
	int64_t owner = 0;
	int err = read_owner(r, &owner);
	if (err == HN_OK)
		err = request_read_feed(r, &reader);
	if (err != HN_OK)
		return err;
	size_t len;
	uint64_t count = 0;
	err = objects_count(reader, request_query(r, "type", &len), owner, &count);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	buf_addf(answer_body(r), "{\"objects\":%" PRIu64 "}", count);
	return answer_send(r, 200, NULL);
}
