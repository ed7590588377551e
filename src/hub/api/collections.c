/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/collections.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/collections.h"
#include "store/directory.h"
#include "store/label_form.h"
#include "store/labels.h"

#define PATH      "/api/v1/collections"
#define ETAG_SIZE (2 * 16 + 1)

/* ---- who may ---- */

static bool is_keeper(const struct request *r)
{
	const struct asker *a = r->who.asker;
	return a->organisation != 0 && a->kind == ORG_CENTRE && (a->roles & ROLE_ADMINISTRATOR) != 0 &&
	       (r->who.scopes & SCOPE_MANAGE) != 0;
}

/* ---- writing ---- */

struct telling_labels {
	struct directory *directory;
	struct labels *labels;
	struct buf *out;
};

static void add_uuids(const struct telling_labels *t, const char *name, enum directory_thing thing,
		      const int64_t *numbers, size_t count)
{
	const char *before = "";
	if (count == 0)
		return;
	buf_addf(t->out, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		struct uuid id;
		char text[UUID_TEXT_SIZE];
		if (directory_uuid(t->directory, thing, numbers[i], &id) != HN_OK)
			continue;
		uuid_format(&id, text);
		buf_addf(t->out, "%s\"%s\"", before, text);
		before = ",";
	}
	buf_addc(t->out, ']');
}

static void add_words(struct buf *out, const char *name, unsigned bits, const char *(*word)(unsigned bit))
{
	const char *before = "";
	if (bits == 0)
		return;
	buf_addf(out, ",\"%s\":[", name);
	for (unsigned bit = 1; bit != 0 && bit <= bits; bit <<= 1) {
		if ((bits & bit) == 0)
			continue;
		buf_addf(out, "%s\"%s\"", before, word(bit));
		before = ",";
	}
	buf_addc(out, ']');
}

static const char *kind_word(unsigned bit)
{
	return org_kind_name((enum org_kind)__builtin_ctz(bit));
}

/* A label in the form in which it was put. */
static void add_marking(const struct telling_labels *t, const char *name, int64_t number)
{
	struct label l;
	int64_t both[2];
	buf_addf(t->out, ",\"%s\":", name);
	if (number == 0 || labels_get(t->labels, number, &l, both) != HN_OK) {
		buf_adds(t->out, "null");
		return;
	}
	buf_addf(t->out, "{\"tlp\":\"%s\",\"pap\":\"%s\"", tlp_name(l.tlp), pap_name(l.pap));
	if (l.clearance > 0)
		buf_addf(t->out, ",\"clearance\":%u", l.clearance);
	if (l.originator_control)
		buf_adds(t->out, ",\"originator_control\":true");
	add_words(t->out, "content", l.content, content_name);
	add_words(t->out, "purposes", l.purposes, purpose_name);
	add_words(t->out, "consent", l.consent, kind_word);
	add_uuids(t, "groups", DIRECTORY_GROUP, l.groups, l.group_count);
	add_uuids(t, "recipients", DIRECTORY_ORGANISATION, l.recipients, l.recipient_count);
	buf_addc(t->out, '}');
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	buf_addf(out, ",\"%s\":", name);
	buf_json_string(out, text, strlen(text));
}

static void add_collection(struct request *r, struct reader *reader, const struct collection *c,
			   struct buf *out)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&c->uuid, id);
	buf_addf(out, "{\"id\":\"%s\",\"kind\":\"%s\"", id, c->kind == COLLECTION_ALL ? "all" : "stored");
	add_text(out, "alias", c->alias);
	add_text(out, "title", c->title);
	add_text(out, "description", c->description);
	buf_addf(out, ",\"can_read\":%s,\"can_write\":%s", c->can_read ? "true" : "false",
		 c->can_write ? "true" : "false");
	if (is_keeper(r)) {
		const struct telling_labels t = {hub_of(r)->directory, reader_labels(reader), out};
		add_marking(&t, "read", c->read_label);
		add_marking(&t, "write", c->write_label);
	}
	buf_addc(out, '}');
}

/* Of what its keepers may change; only they are told it. */
static void make_etag(const struct collection *c, char out[ETAG_SIZE])
{
	uint8_t texts[SHA256_SIZE], digest[SHA256_SIZE];
	const int64_t numbers[] = {c->read_label, c->write_label};
	sha256_parts(c->alias, strlen(c->alias) + 1, c->title, strlen(c->title) + 1, c->description,
		     strlen(c->description), texts);
	sha256_parts(texts, sizeof(texts), numbers, sizeof(numbers), NULL, 0, digest);
	hex_encode(digest, 16, out);
}

/* ---- reading ---- */

struct listing {
	struct request *request;
	struct reader *reader;
	size_t count;
};

static int list_one(void *context, const struct collection *c)
{
	struct listing *l = context;
	struct buf *out = answer_body(l->request);
	buf_adds(out, l->count++ == 0 ? "" : ",");
	add_collection(l->request, l->reader, c, out);
	return buf_err(out);
}

static int collections_get(struct request *r)
{
	struct listing l = {.request = r};
	int err = request_read(r, &l.reader);
	if (err != HN_OK)
		return err;
	buf_adds(answer_body(r), "{\"collections\":[");
	err = collections_list(l.reader, list_one, &l);
	reader_end(l.reader);
	if (err != HN_OK)
		return err;
	buf_adds(answer_body(r), "]}");
	return answer_send(r, 200, NULL);
}

static int collection_get(struct request *r)
{
	struct reader *reader;
	struct collection c;
	char etag[ETAG_SIZE];
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = collections_find(reader, r->params[0].text, r->params[0].len, &c);
	if (err == HN_OK)
		add_collection(r, reader, &c, answer_body(r));
	reader_end(reader);
	if (err != HN_OK)
		return err;
	make_etag(&c, etag);
	if (is_keeper(r))
		answer_etag(r, etag);
	return answer_send(r, 200, NULL);
}

/* ---- changing ---- */

struct putting {
	struct uuid id;
	bool is_new;
};

/* Who may, by a marking; null or absent: nobody. */
static int read_audience(const json_t *object, const char *name, struct writing *w, struct request *r,
			 int64_t *label_out)
{
	struct label label;
	const json_t *marking = json_object_get(object, name);
	*label_out = 0;
	if (marking == NULL || json_is_null(marking))
		return HN_OK;
	const struct form f = {.at = marking, .arena = r->arena, .fault = &r->fault};
	if (!json_is_object(marking))
		return form_wrong(&(struct form){.at = object, .arena = r->arena, .fault = &r->fault}, name,
				  "must be a marking or null", "取扱表示または null でなければならない");
	int err = label_form_read(&f, writing_db(w), r->who.asker->organisation, &label);
	if (err != HN_OK)
		return form_within(&f, name, err);
	return labels_number(w, &label, label_out);
}

static int kind_value(const char *word, size_t len)
{
	if (len == 3 && memcmp(word, "all", len) == 0)
		return COLLECTION_ALL;
	return len == 6 && memcmp(word, "stored", len) == 0 ? COLLECTION_STORED : -1;
}

static int read_new(const struct form *f, struct writing *w, struct request *r, struct collection_new *out)
{
	static const char *const names[] = {"alias", "title", "description", "kind", "read", "write", NULL};
	int kind = COLLECTION_STORED;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_text(f, "title", true, COLLECTION_TEXT_MAX, &out->title);
	if (err == HN_OK)
		err = form_text(f, "alias", false, COLLECTION_ALIAS_MAX, &out->alias);
	if (err == HN_OK)
		err = form_text(f, "description", false, COLLECTION_TEXT_MAX, &out->description);
	if (err == HN_OK)
		err = form_word(f, "kind", false, kind_value, &kind);
	if (err == HN_OK)
		err = read_audience(f->at, "read", w, r, &out->read_label);
	if (err == HN_OK)
		err = read_audience(f->at, "write", w, r, &out->write_label);
	out->kind = (enum collection_kind)kind;
	if (err == HN_OK && kind == COLLECTION_ALL && out->write_label != 0)
		err = form_wrong(f, "write", "must be null where the kind is 'all'",
				 "は、種別が all のとき null でなければならない");
	if (err == HN_OK && out->read_label == 0 && out->write_label == 0)
		err = form_wrong(f, "read", "must say who reads, unless 'write' says who writes",
				 "で閲覧者を指定するか、write で登録者を指定すること");
	return err;
}

/* What is there now, if somebody changes it: it must be what he saw. */
static int check_seen(struct writing *w, struct request *r, const struct putting *p, struct collection *out)
{
	char etag[ETAG_SIZE];
	int err = collections_read(w, &p->id, out);
	if (err != HN_OK)
		return err;
	make_etag(out, etag);
	return request_if_match(r, etag, true);
}

static int note_change(struct writing *w, struct request *r, const struct putting *p)
{
	char id[UUID_TEXT_SIZE], record[128];
	uuid_format(&p->id, id);
	int n = snprintf(record, sizeof(record), "{\"collection\":\"%s\",\"new\":%s}", id,
			 p->is_new ? "true" : "false");
	return request_note(w, r, "hub.collection", record, (size_t)n);
}

static int put_tree(struct writing *w, struct request *r, const json_t *tree, const struct putting *p)
{
	const struct form f = {.at = tree, .arena = r->arena, .fault = &r->fault};
	struct collection_new c = {.uuid = p->id};
	struct collection standing;
	int64_t number;
	int err = p->is_new ? HN_OK : check_seen(w, r, p, &standing);
	if (err == HN_OK)
		err = read_new(&f, w, r, &c);
	if (err == HN_OK && !p->is_new && c.kind != standing.kind)
		err = form_wrong(&f, "kind", "cannot be changed", "は変更できない");
	if (err == HN_OK)
		err = p->is_new ? collections_add(w, &c, &number)
				: collections_change(w, standing.number, &c);
	if (err == HN_EEXIST || (err == HN_EFORMAT && r->fault.message[0] == '\0'))
		err = fault_set(&r->fault, err, "/alias",
				err == HN_EEXIST ? tr("is taken", "は既に使われている")
						 : tr("has letters other than a-z, 0-9 and '-'",
						      "に a-z、0-9、- 以外の文字がある"));
	return err == HN_OK ? note_change(w, r, p) : err;
}

static int put_job(struct writing *w, struct request *r, void *context)
{
	const struct putting *p = context;
	json_t *tree = NULL;
	char location[sizeof(PATH) + 1 + UUID_TEXT_SIZE] = PATH "/";
	int err = json_object_read(r->body.data, r->body.len, &tree, &r->fault);
	if (err == HN_OK)
		err = put_tree(w, r, tree, p);
	json_decref(tree);
	if (err != HN_OK)
		return err;
	uuid_format(&p->id, location + sizeof(PATH));
	buf_addf(answer_body(r), "{\"id\":\"%s\"}", location + sizeof(PATH));
	return p->is_new ? answer_created(r, location) : answer_send(r, 200, NULL);
}

static int put(struct request *r, const struct uuid *id)
{
	if (!is_keeper(r))
		return fault_set(&r->fault, HN_EAUTH, "", "%s",
				 tr("collections are kept by the centre's administrators",
				    "コレクションはセンターの管理者が管理する"));
	struct putting *p = arena_alloc(r->arena, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	*p = (struct putting){.id = id != NULL ? *id : uuid_v4(), .is_new = id == NULL};
	return request_change(r, put_job, p);
}

static int collection_post(struct request *r)
{
	return put(r, NULL);
}

static int collection_put(struct request *r)
{
	return put(r, &r->params[0].uuid);
}

#define ONE PATH "/{collection:uuid}"
const struct route COLLECTION_ROUTES[] = {
	{
		.method = HTTP_GET,
		.pattern = PATH,
		.operation = "listCollections",
		.flags = ROUTE_PUBLIC,
		.scopes = SCOPE_READ,
		.handle = collections_get,
		.answers = {{200, "collections", NULL}},
		.tag = "collections",
		.summary_en = "Collections that the asker may read or write",
		.summary_ja = "閲覧または登録できるコレクション",
	},
	{
		.method = HTTP_GET,
		.pattern = ONE,
		.operation = "getCollection",
		.flags = ROUTE_PUBLIC,
		.scopes = SCOPE_READ,
		.handle = collection_get,
		.answers = {{200, "collection", NULL}, {304, NULL, NULL}},
		.tag = "collections",
		.summary_en = "One collection",
		.summary_ja = "コレクション1件",
	},
	{
		.method = HTTP_POST,
		.pattern = PATH,
		.operation = "addCollection",
		.scopes = SCOPE_MANAGE,
		.roles = ROLE_ADMINISTRATOR,
		.handle = collection_post,
		.takes = "application/json",
		.body_schema = "collection-new",
		.answers = {{201, "made", NULL}},
		.tag = "collections",
		.summary_en = "Makes a collection; only the centre's administrators",
		.summary_ja = "コレクションを作る（センターの管理者のみ）",
	},
	{
		.method = HTTP_PUT,
		.pattern = ONE,
		.operation = "putCollection",
		.scopes = SCOPE_MANAGE,
		.roles = ROLE_ADMINISTRATOR,
		.handle = collection_put,
		.takes = "application/json",
		.body_schema = "collection-new",
		.answers = {{200, "made", NULL}},
		.tag = "collections",
		.summary_en = "Changes its names and who reads and writes there; with If-Match",
		.summary_ja = "名称と閲覧者・登録者を変更する（If-Matchが必要）",
	},
	{0},
};
