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

/* A name of an entry as text. A page is for names alone: an address is not what was typed. */
static void write_listed(const struct policy_told *told, char out[BLOCKPAGE_NAME_SIZE])
{
	size_t len = 0;
	for (size_t at = 0; at < told->key.len && len + told->key.data[at] + 1 < BLOCKPAGE_NAME_SIZE;) {
		size_t label = told->key.data[at];
		memcpy(out + len, told->key.data + at + 1, label);
		len += label;
		at += 1 + label;
		if (at < told->key.len)
			out[len++] = '.';
	}
	out[len] = '\0';
}

static bool tell(const struct policy *p, const struct policy_match *match, struct blockpage_finding *out)
{
	struct policy_told told;
	struct policy_set_info info;
	uint8_t scratch[32];
	if (policy_tell(p, match, scratch, &told) != HN_OK)
		return false;
	policy_set_info(p, match->set, &info);
	*out = (struct blockpage_finding){.reason = info.reason};
	write_listed(&told, out->listed);
	(void)snprintf(out->organisation, sizeof(out->organisation), "%s", info.organisation);
	(void)snprintf(out->contact, sizeof(out->contact), "%s", info.contact);
	return true;
}

/* Who looks at the page is told of the first view that sends the name to a sinkhole: behind the balancer or
 * address translation that brought him, his group is not known. */
static bool find(const struct policy *p, const struct canonical *name, struct blockpage_finding *out)
{
	for (unsigned view = 0; view < policy_view_count(p); view++) {
		struct policy_verdict v;
		policy_begin(p, view, &v);
		policy_judge_name(&v, name->key.data, name->key.len, utc_now_ns());
		if ((v.action == POLICY_SINKHOLE || v.action == POLICY_LOCAL) && v.has_decided)
			return tell(p, &v.decided, out);
	}
	return false;
}

bool serve_page_find(void *context, const char *text, struct blockpage_finding *out)
{
	const struct running *r = context;
	struct canonical name;
	if (canonical_name(text, strlen(text), &name) != HN_OK || name.key.kind != ENTRY_NAME)
		return false;
	policy_thread_join();
	bool found = find(policy_store_get(r->service.policies), &name, out);
	policy_thread_leave();
	return found;
}

void serve_page_shown(void *context, const char *listed, int64_t minute_ns)
{
	char minute[UTC_SIZE];
	(void)context;
	utc_format(minute_ns, minute);
	log_line(LOG_LEVEL_INFO, tr("block page for %s, %.16sZ", "遮断ページ: %s、%.16sZ"), listed, minute);
}
