/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_control.h"

#include <string.h>

#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/version.h"
#include "match/canonical.h"
#include "resolver/event_log.h"
#include "resolver/rdata_text.h"
#include "resolver/running.h"
#include "resolver/serve_explain.h"
#include "resolver/serve_metrics.h"
#include "resolver/terms.h"

/* ---- small JSON ---- */

static void set_number(json_t *object, const char *name, uint64_t value)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void set_text(json_t *object, const char *name, const char *value)
{
	(void)json_object_set_new(object, name, json_string(value));
}

static int give(json_t *value, struct buf *answer)
{
	if (!value)
		return HN_ENOMEM;
	json_add(answer, value);
	json_decref(value);
	return buf_err(answer);
}

/* ---- status ---- */

static json_t *cache_status(const struct running *r)
{
	struct answer_cache_counts counts = answer_cache_counts(r->service.cache);
	json_t *cache = json_object();
	set_number(cache, "answers", counts.answers);
	set_number(cache, "bytes", counts.bytes);
	set_number(cache, "evicted", counts.evicted);
	return cache;
}

static json_t *recursion_status(const struct running *r)
{
	struct recursor_counts counts;
	recursor_counts(r->service.recursor, &counts);
	json_t *recursion = json_object();
	set_number(recursion, "asked", counts.asked);
	set_number(recursion, "under_way", counts.under_way);
	set_number(recursion, "waiting", counts.waiting);
	return recursion;
}

static int status(void *context, const char *const args[], size_t count, struct buf *answer,
		  struct fault *fault)
{
	const struct running *r = context;
	char since[UTC_SIZE];
	(void)args;
	(void)count;
	(void)fault;
	utc_format(r->since_ns, since);
	json_t *all = json_object();
	set_text(all, "version", HINOMI_VERSION);
	set_text(all, "since", since);
	set_number(all, "threads", r->front_count);
	set_number(all, "listeners", r->config->listen.count);
	policy_thread_join();
	const struct policy *p = policy_store_get(r->service.policies);
	set_number(all, "groups", policy_terms(p)->config->groups.count);
	set_number(all, "generation", policy_generation(p));
	policy_thread_leave();
	(void)json_object_set_new(all, "cache", cache_status(r));
	(void)json_object_set_new(all, "recursion", recursion_status(r));
	return give(all, answer);
}

/* ---- policy ---- */

static json_t *set_status(const struct policy *p, size_t number)
{
	struct policy_set_info info;
	policy_set_info(p, number, &info);
	json_t *set = json_object();
	set_text(set, "name", info.name);
	set_text(set, "set_id", info.id);
	set_text(set, "set_version", info.version);
	set_text(set, "action", policy_action_name(info.action));
	set_number(set, "entries", info.entries);
	set_number(set, "layers", info.layers);
	set_number(set, "bytes", info.bytes);
	if (info.organisation[0])
		set_text(set, "organisation", info.organisation);
	if (info.contact[0])
		set_text(set, "contact", info.contact);
	return set;
}

static json_t *notes(const struct policy *p)
{
	json_t *list = json_array();
	const struct fault *note;
	for (size_t i = 0; (note = policy_note(p, i)) != NULL; i++) {
		json_t *one = json_object();
		set_text(one, "file", note->place);
		set_text(one, "why", note->message);
		(void)json_array_append_new(list, one);
	}
	return list;
}

static json_t *policy_json(const struct running *r)
{
	json_t *all = json_object();
	json_t *sets = json_array();
	policy_thread_join();
	const struct policy *p = policy_store_get(r->service.policies);
	for (size_t i = 0; i < policy_set_count(p); i++)
		(void)json_array_append_new(sets, set_status(p, i));
	set_number(all, "generation", policy_generation(p));
	(void)json_object_set_new(all, "sets", sets);
	(void)json_object_set_new(all, "left_out", notes(p));
	policy_thread_leave();
	return all;
}

static int policy_status(void *context, const char *const args[], size_t count, struct buf *answer,
			 struct fault *fault)
{
	(void)args;
	(void)count;
	(void)fault;
	return give(policy_json(context), answer);
}

static int reload(void *context, const char *const args[], size_t count, struct buf *answer,
		  struct fault *fault)
{
	struct running *r = context;
	struct buf kept;
	bool force = count > 0;
	if (force && strcmp(args[0], "force") != 0)
		return fault_set(fault, HN_EFORMAT, "",
				 tr("reload takes 'force' or nothing, not '%s'",
				    "reload の引数は 'force' だけ。'%s' は不可"),
				 args[0]);
	buf_init(&kept, CONTROL_ANSWER_MAX);
	int rc = running_reload(r, force, &kept, fault);
	if (rc == HN_OK) {
		json_t *all = policy_json(r);
		if (kept.len > 0)
			(void)json_object_set_new(all, "restart_needed", json_stringn(kept.data, kept.len));
		rc = give(all, answer);
	}
	buf_clear(&kept);
	return rc;
}

/* ---- names ---- */

/* The text's wire form; "." is the root. */
static int read_name(const char *text, struct canonical *out, struct fault *fault)
{
	if (strcmp(text, ".") == 0) {
		*out = (struct canonical){0};
		return HN_OK;
	}
	if (canonical_name(text, strlen(text), out) == HN_OK && out->key.kind == ENTRY_NAME)
		return HN_OK;
	return fault_set(fault, HN_EFORMAT, "", tr("'%s' is no host name", "'%s' はホスト名ではない"), text);
}

static int flush(void *context, const char *const args[], size_t count, struct buf *answer,
		 struct fault *fault)
{
	struct running *r = context;
	struct canonical name;
	(void)count;
	int rc = read_name(args[0], &name, fault);
	if (rc != HN_OK)
		return rc;
	/* The recursor first: what it gives from then on is new. */
	rc = recursor_flush(r->service.recursor);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	policy_thread_join();
	size_t flushed = answer_cache_flush(r->service.cache, name.key.data, name.key.len);
	policy_thread_leave();
	json_t *all = json_object();
	set_text(all, "name", args[0]);
	set_number(all, "answers", flushed);
	return give(all, answer);
}

/* How much the name is asked, as the last member of the object that stands in the answer. */
static int add_asked(const struct running *r, const struct canonical *name, struct buf *answer)
{
	struct buf asked;
	buf_init(&asked, CONTROL_ANSWER_MAX);
	int rc = event_log_sketch(r->service.events, name->key.data, name->key.len, utc_now_ns(), &asked);
	if (rc == HN_OK && answer->len > 0 && answer->data[answer->len - 1] == '}') {
		answer->len--;
		buf_adds(answer, ",\"asked\":");
		buf_add(answer, asked.data, asked.len);
		buf_addc(answer, '}');
	}
	buf_clear(&asked);
	return buf_err(answer);
}

static bool is_given(const char *const args[], size_t count, size_t i)
{
	return count > i && strcmp(args[i], "-") != 0;
}

static bool is_served(const struct running *r, const struct ip *client)
{
	policy_thread_join();
	const struct terms *terms = policy_terms(policy_store_get(r->service.policies));
	bool served = groups_by_address(terms->groups, client) != GROUP_NONE;
	policy_thread_leave();
	return served;
}

/* "CLIENT TYPE TRANSPORT" behind the name, each of which may be "-" or left out. */
static int read_question(const struct running *r, const char *const args[], size_t count,
			 struct served_question *q, struct ip *client, struct fault *fault)
{
	if (is_given(args, count, 1)) {
		if (ip_parse(args[1], strlen(args[1]), client) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "",
					 tr("'%s' is no address", "'%s' はアドレスではない"), args[1]);
		q->client = client;
	}
	if (q->client && !is_served(r, client))
		return fault_set(fault, HN_ENOENT, "",
				 tr("%s belongs to no group: it is refused",
				    "%s はどのグループにも属さない: 拒否される"),
				 args[1]);
	if (is_given(args, count, 2)) {
		q->type = args[2];
		if (rrtype_parse(args[2], strlen(args[2]), &q->type_number) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "",
					 tr("'%s' is no record type", "'%s' はレコード種別ではない"),
					 args[2]);
	}
	if (is_given(args, count, 3) && strcmp(args[3], "tcp") == 0)
		q->transport = RESOLVER_TCP;
	else if (is_given(args, count, 3) && strcmp(args[3], "udp") != 0)
		return fault_set(fault, HN_EFORMAT, "",
				 tr("'%s' is neither udp nor tcp", "'%s' は udp でも tcp でもない"), args[3]);
	return HN_OK;
}

static int explain(void *context, const char *const args[], size_t count, struct buf *answer,
		   struct fault *fault)
{
	const struct running *r = context;
	struct canonical name;
	struct ip client;
	int rc = read_name(args[0], &name, fault);
	if (rc != HN_OK)
		return rc;
	struct served_question q = {
		.name = name.key.data,
		.len = name.key.len,
		.transport = RESOLVER_UDP,
	};
	rc = read_question(r, args, count, &q, &client, fault);
	if (rc != HN_OK)
		return rc;
	rc = serve_explain(r, &q, answer);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	return add_asked(r, &name, answer);
}

/* ---- what is reported ---- */

static int stats(void *context, const char *const args[], size_t count, struct buf *answer,
		 struct fault *fault)
{
	(void)args;
	(void)count;
	(void)fault;
	return serve_metrics_write(context, METRICS_JSON, answer);
}

static int top(void *context, const char *const args[], size_t count, struct buf *answer, struct fault *fault)
{
	const struct running *r = context;
	(void)args;
	(void)count;
	(void)fault;
	return event_log_top(r->service.events, answer);
}

static int sketch(void *context, const char *const args[], size_t count, struct buf *answer,
		  struct fault *fault)
{
	const struct running *r = context;
	struct canonical name;
	(void)count;
	int rc = read_name(args[0], &name, fault);
	if (rc == HN_OK)
		rc = event_log_sketch(r->service.events, name.key.data, name.key.len, utc_now_ns(), answer);
	if (rc == HN_ENOENT)
		return fault_set(fault, rc, "", "%s",
				 tr("nothing is counted: the configuration has no 'events'",
				    "集計していない: 設定に 'events' がない"));
	return rc;
}

const struct control_command serve_commands[] = {
	{"status", 0, 0, status},
	{"reload", 0, 1, reload},
	{"flush", 1, 1, flush},
	{"policy", 0, 0, policy_status},
	{"explain", 1, 4, explain},
	{"stats", 0, 0, stats},
	{"top", 0, 0, top},
	{"sketch", 1, 1, sketch},
	{0},
};
