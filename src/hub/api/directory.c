/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/api/common.h"
#include "hub/api/paging.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/organisation.h"
#include "store/organisations.h"
#include "store/people.h"

/* What differs between the three. */
struct kind {
	enum directory_thing thing;
	const char *path, *member, *within;
	enum directory_thing inside;
	int (*put)(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
		   const char *text, size_t len, int64_t *number_out, int64_t *revision_out,
		   struct fault *fault);
};

static const struct kind organisations = {DIRECTORY_ORGANISATION, "/api/v1/organisations",
					  "organisations",        "group",
					  DIRECTORY_GROUP,        organisations_put};
static const struct kind groups = {DIRECTORY_GROUP, "/api/v1/groups", "groups", NULL,
				   DIRECTORY_GROUP, groups_put};
static const struct kind people = {DIRECTORY_PERSON, "/api/v1/people",       "people",
				   "organisation",   DIRECTORY_ORGANISATION, people_put};

static int read_one(struct request *r, const void *context, struct buf *out, int64_t *revision_out)
{
	const struct kind *k = context;
	return directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000, k->thing,
			     &r->params[0].uuid, out, revision_out);
}

static int get(struct request *r, const struct kind *k)
{
	answer_cache(r, "private, no-cache");
	return common_get(r, read_one, k);
}

/* ---- changes ---- */

struct change {
	const struct kind *kind;
	struct uuid id;
	int64_t revision; /* as organisations_put() takes it */
	bool made;
};

static int note(struct writing *w, struct request *r, const struct change *c, int64_t revision)
{
	char id[UUID_TEXT_SIZE];
	char record[160];
	uuid_format(&c->id, id);
	(void)snprintf(record, sizeof(record), "{\"of\":\"%s\",\"id\":\"%s\",\"revision\":%" PRId64 "}",
		       c->kind->member, id, revision);
	return request_note(w, r, "hub.directory-changed", record, strlen(record));
}

static int put_job(struct writing *w, struct request *r, void *context)
{
	const struct change *c = context;
	int64_t number = 0;
	int64_t revision = 0;
	int err = c->kind->put(w, r->who.asker, &c->id, c->revision, r->body.data, r->body.len, &number,
			       &revision, &r->fault);
	if (err == HN_ESTATE && c->revision > 0 && r->fault.place[0] == '\0' && number == 0)
		return answer_problem(r, 412, "changed", r->fault.message);
	if (err == HN_ENOENT && r->fault.message[0] != '\0')
		err = HN_EFORMAT; /* it names what is not there */
	if (err == HN_OK)
		err = note(w, r, c, revision);
	if (err != HN_OK)
		return err;
	return common_put_answer(r, c->kind->path, &c->id, c->made, revision);
}

static int start(struct request *r, const struct kind *k, const struct uuid *id, int64_t revision, bool made)
{
	struct change *c = arena_alloc(r->arena, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	*c = (struct change){k, *id, revision, made};
	if (r->body.len == 0)
		return fault_set(&r->fault, HN_EFORMAT, "", "%s", tr("is empty", "が空である"));
	return request_change(r, put_job, c);
}

static int post(struct request *r, const struct kind *k)
{
	const struct uuid id = uuid_v4();
	return start(r, k, &id, 0, true);
}

static int put(struct request *r, const struct kind *k)
{
	int64_t revision = 0;
	int err = common_put(r, read_one, k, ORGANISATION_TEXT_MAX, &revision);
	return err == HN_OK ? start(r, k, &r->params[0].uuid, revision, revision == 0) : err;
}

/* ---- handlers ---- */

#define HANDLERS(name)                                                                                       \
	static int name##_page_of(struct request *r)                                                         \
	{                                                                                                    \
		return paging_list(r, name.thing, name.member, name.within, name.inside);                    \
	}                                                                                                    \
	static int name##_one(struct request *r)                                                             \
	{                                                                                                    \
		return get(r, &name);                                                                        \
	}                                                                                                    \
	static int name##_add(struct request *r)                                                             \
	{                                                                                                    \
		return post(r, &name);                                                                       \
	}                                                                                                    \
	static int name##_replace(struct request *r)                                                         \
	{                                                                                                    \
		return put(r, &name);                                                                        \
	}

HANDLERS(organisations)
HANDLERS(groups)
HANDLERS(people)

static const struct query_spec organisations_query[] = {
	COMMON_PAGE,
	{.name = "group",
	 .kind = QUERY_UUID,
	 .help_en = "members of this group",
	 .help_ja = "このグループの参加組織"},
	{0},
};
static const struct query_spec groups_query[] = {COMMON_PAGE, {0}};
static const struct query_spec people_query[] = {
	COMMON_PAGE,
	{.name = "organisation",
	 .kind = QUERY_UUID,
	 .help_en = "who has a place in this one",
	 .help_ja = "この組織に所属する者"},
	{0},
};

#define MANAGE_BODY (512u << 10)
#define ROWS(name, one, path_, list_op, get_op, post_op, put_op, list_en, list_ja, one_en, one_ja)           \
	{                                                                                                    \
		.method = HTTP_GET,                                                                          \
		.pattern = path_,                                                                            \
		.operation = list_op,                                                                        \
		.handle = name##_page_of,                                                                    \
		.query = name##_query,                                                                       \
		.answers = {{200, one "-list", NULL}},                                                       \
		.tag = #name,                                                                                \
		.summary_en = list_en,                                                                       \
		.summary_ja = list_ja,                                                                       \
	},                                                                                                   \
		{.method = HTTP_GET,                                                                         \
		 .pattern = path_ "/{id:uuid}",                                                              \
		 .operation = get_op,                                                                        \
		 .handle = name##_one,                                                                       \
		 .answers = {{200, one, NULL}, {304, NULL, NULL}},                                           \
		 .tag = #name,                                                                               \
		 .summary_en = one_en,                                                                       \
		 .summary_ja = one_ja},                                                                      \
		{.method = HTTP_POST,                                                                        \
		 .pattern = path_,                                                                           \
		 .operation = post_op,                                                                       \
		 .scopes = SCOPE_MANAGE,                                                                     \
		 .roles = ROLE_ADMINISTRATOR,                                                                \
		 .handle = name##_add,                                                                       \
		 .takes = "application/json",                                                                \
		 .body_max = MANAGE_BODY,                                                                    \
		 .body_schema = one,                                                                         \
		 .answers = {{201, "made", NULL}},                                                           \
		 .tag = #name,                                                                               \
		 .summary_en = "Makes one",                                                                  \
		 .summary_ja = "登録する"},                                                                  \
	{                                                                                                    \
		.method = HTTP_PUT, .pattern = path_ "/{id:uuid}", .operation = put_op,                      \
		.scopes = SCOPE_MANAGE, .handle = name##_replace, .takes = "application/json",               \
		.body_max = MANAGE_BODY, .body_schema = one,                                                 \
		.answers = {{201, "made", NULL}, {204, NULL, NULL}, {412, "problem", NULL}}, .tag = #name,   \
		.summary_en = "Replaces it (If-Match), or makes it (If-None-Match: *)",                      \
		.summary_ja = "置き換える(If-Match)、又は登録する(If-None-Match: *)",                        \
	}

const struct route DIRECTORY_ROUTES[] = {
	ROWS(organisations, "organisation", "/api/v1/organisations", "listOrganisations", "getOrganisation",
	     "addOrganisation", "putOrganisation", "Organisations that one may know of",
	     "閲覧できる組織の一覧", "One organisation: whole, or its card", "組織（全体又は名刺情報）"),
	ROWS(groups, "group", "/api/v1/groups", "listGroups", "getGroup", "addGroup", "putGroup",
	     "Sharing groups that one may know of", "閲覧できる共有グループの一覧", "One sharing group",
	     "共有グループ"),
	ROWS(people, "person", "/api/v1/people", "listPeople", "getPerson", "addPerson", "putPerson",
	     "People that one may know of", "閲覧できる利用者の一覧", "One person", "利用者"),
	{0},
};
