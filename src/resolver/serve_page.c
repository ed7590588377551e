/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_page.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "match/canonical.h"
#include "resolver/running.h"
#include "resolver/serve_explain.h"
#include "resolver/terms.h"
#include "wire/dns_number.h"

/* The entry as text; a wildcard without its "*.": a page is read by people. Who asks is nowhere written. */
static void write_listed(const struct policy_told *told, const struct policy_match *match,
			 char out[BLOCKPAGE_NAME_SIZE])
{
	struct buf text;
	out[0] = '\0';
	if (match->trigger == POLICY_CLIENT || told->key.len == 0)
		return;
	buf_init(&text, BLOCKPAGE_NAME_SIZE + 2);
	canonical_format(&told->key, &text);
	bool below = told->key.kind == ENTRY_WILDCARD;
	if (buf_err(&text) == HN_OK && text.data)
		(void)snprintf(out, BLOCKPAGE_NAME_SIZE, "%s", text.data + (below ? 2 : 0));
	buf_clear(&text);
}

static bool tell(const struct policy *p, const struct policy_match *match, struct blockpage_finding *out)
{
	struct policy_told told;
	struct policy_set_info info;
	uint8_t scratch[32];
	if (policy_tell(p, match, scratch, &told) != HN_OK)
		return false;
	policy_set_info(p, match->set, &info);
	*out = (struct blockpage_finding){
		.reason = info.reason,
		.elsewhere = match->step > 0 || match->trigger > POLICY_QNAME,
	};
	write_listed(&told, match, out->listed);
	(void)snprintf(out->organisation, sizeof(out->organisation), "%s", info.organisation);
	(void)snprintf(out->contact, sizeof(out->contact), "%s", info.contact);
	return true;
}

static bool leads_here(const struct policy_verdict *v)
{
	return (v->action == POLICY_SINKHOLE || v->action == POLICY_LOCAL) && v->has_decided;
}

/* Who looks at the page is told of the first view that sends the name to a sinkhole: behind the balancer or
 * address translation that brought him, his group is not known. */
static bool find_name(const struct policy *p, const struct canonical *name, struct blockpage_finding *out)
{
	for (unsigned view = 0; view < policy_view_count(p); view++) {
		struct policy_verdict v;
		policy_begin(p, view, &v);
		policy_judge_name(&v, name->key.data, name->key.len, utc_now_ns());
		if (leads_here(&v))
			return tell(p, &v.decided, out);
	}
	return false;
}

/*
 * Where the name leads, which a resolver that just sent somebody here has in its cache. Nobody is asked for a
 * Host field, so it costs nothing; and only who may ask the resolver itself is told: of him it hides not what
 * the cache holds.
 */
static bool find_answer(const struct running *r, const struct canonical *name, const struct ip *client,
			struct blockpage_finding *out)
{
	static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA};
	struct served_question q = {
		.name = name->key.data,
		.len = name->key.len,
		.client = client,
		.transport = RESOLVER_UDP,
	};
	const struct terms *terms = policy_terms(policy_store_get(r->service.policies));
	bool served = groups_by_address(terms->groups, client) != GROUP_NONE;
	for (size_t i = 0; served && i < sizeof(types) / sizeof(types[0]); i++) {
		struct policy_verdict v;
		q.type_number = types[i];
		if (serve_explain_cached(r, &q, &v) && leads_here(&v))
			return tell(v.policy, &v.decided, out);
	}
	return false;
}

bool serve_page_find(void *context, const char *text, const struct ip *client, struct blockpage_finding *out)
{
	const struct running *r = context;
	struct canonical name;
	if (canonical_name(text, strlen(text), &name) != HN_OK || name.key.kind != ENTRY_NAME)
		return false;
	policy_thread_join();
	bool found = find_name(policy_store_get(r->service.policies), &name, out) ||
		     find_answer(r, &name, client, out);
	policy_thread_leave();
	return found;
}

void serve_page_shown(void *context, const char *listed, int64_t minute_ns)
{
	char minute[UTC_SIZE];
	(void)context;
	if (listed[0] == '\0')
		return;
	utc_format(minute_ns, minute);
	log_line(LOG_LEVEL_INFO, tr("block page for %s, %.16sZ", "遮断ページ: %s、%.16sZ"), listed, minute);
}
