/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_reload.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/config_compare.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "resolver/config_files.h"
#include "resolver/config_keep.h"
#include "resolver/cookie_file.h"
#include "resolver/event_log.h"
#include "resolver/sandbox.h"
#include "resolver/serve_cookies.h"
#include "resolver/terms.h"
#include "resolver/thread.h"
#include "resolver/tls.h"

#define KEPT_MAX 4096 /* bytes of keys */

/* What the thread is asked for. */
enum { WANT_END = 1, WANT_POLICY = 2, WANT_ALL = 4 };

struct reloader {
	struct running *running;
	pthread_mutex_t lock; /* of wanted */
	pthread_cond_t asked;
	unsigned wanted;
	pthread_t thread;
};

/* ---- told in the log ---- */

static void log_fault(const char *what, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s: %s%s%s", what, fault->place, fault->place[0] ? ": " : "",
		 fault->message);
}

static void policy_stays(const struct fault *fault)
{
	log_fault(tr("the policy in force stays", "施行中のポリシーを維持する"), fault);
}

/* ---- one at a time ---- */

/* When the reading began that this thread does. */
static _Thread_local int64_t begin_ns;

static void on_policy(void *context, const struct policy *policy)
{
	struct running *r = context;
	int64_t now_ns = utc_now_ns();
	event_log_policy(r->service.events, policy);
	atomic_store(&r->policy_since_ns, now_ns);
	atomic_store(&r->policy_load_ns, now_ns - begin_ns);
	log_line(LOG_LEVEL_INFO, tr("policy %llu is in force", "ポリシー第 %llu 版を施行"),
		 (unsigned long long)policy_generation(policy));
}

void running_hear_of_policies(struct running *r)
{
	policy_store_on_change(r->service.policies, on_policy, r);
}

static int reload_files(struct running *r, struct fault *fault)
{
	begin_ns = utc_now_ns();
	return policy_store_reload(r->service.policies, NULL, false, fault);
}

static int reload_anchors(struct running *r, struct fault *fault)
{
	bool changed = false;
	int rc = recursor_reload(r->service.recursor, &changed, fault);
	if (rc == HN_OK && changed)
		log_line(LOG_LEVEL_INFO, "%s",
			 tr("trust anchors or root hints were read anew",
			    "トラストアンカーまたはルートヒントを読み直した"));
	return rc;
}

/* ---- everything ---- */

/* What was read and is not yet in force. */
struct renewal {
	struct terms *terms;
	struct tls_contexts *tls;
	struct cookie_secrets *cookies; /* NULL: those in use stay */
};

static void renewal_clear(struct renewal *n)
{
	terms_release(n->terms);
	tls_contexts_free(n->tls);
	sodium_free(n->cookies);
}

/* The configuration; without a file the one that was built in stays. */
static int read_terms(const struct running *r, struct buf *kept, struct terms **out, struct fault *fault)
{
	struct resolver_config *newer;
	if (strcmp(r->config->file, RESOLVER_BUILT_IN) == 0) {
		*out = terms_use(r->terms);
		return HN_OK;
	}
	if (!config_file_may_be_read(r->config->file)) {
		(void)fault_set(fault, HN_EFORMAT, r->config->file, "%s",
				tr("this is no file", "ファイルではない"));
		return HN_EFORMAT;
	}
	int rc = resolver_config_read(r->config->file, &newer, fault);
	if (rc != HN_OK)
		return rc;
	rc = resolver_config_keep(newer, r->config, r->terms->config, kept, fault);
	if (rc == HN_OK && config_same(resolver_config_keys, newer, r->terms->config)) {
		resolver_config_free(newer);
		*out = terms_use(r->terms);
		return HN_OK;
	}
	if (rc == HN_OK)
		rc = sandbox_reaches(newer, fault);
	if (rc == HN_OK)
		rc = terms_new(newer, out, fault);
	if (rc == HN_OK) {
		terms_own(*out, newer);
	} else {
		config_files_blame(newer, fault);
		resolver_config_free(newer);
	}
	return rc;
}

/* A secret of this process alone is not replaced by another. */
static bool needs_cookies(const struct resolver_config *former, const struct resolver_config *newer)
{
	return newer->cookies.secrets != NULL || former->cookies.secrets != NULL;
}

static int read_all(const struct running *r, struct buf *kept, struct renewal *n, struct fault *fault)
{
	int rc = read_terms(r, kept, &n->terms, fault);
	if (rc != HN_OK)
		return rc;
	rc = tls_contexts_new(n->terms->config, &n->tls, fault);
	if (rc == HN_OK && needs_cookies(r->terms->config, n->terms->config))
		rc = cookie_secrets_read(n->terms->config->cookies.secrets, &n->cookies, fault);
	return rc;
}

/* After the policy: nothing here can fail. */
static void take_rest(struct running *r, struct renewal *n)
{
	const struct resolver_config *config = n->terms->config;
	tls_contexts_replace(r->service.tls, n->tls);
	n->tls = NULL;
	if (n->cookies)
		serve_cookies_put(r, n->cookies);
	n->cookies = NULL;
	event_log_settings(r->service.events, &config->events);
	answer_cache_stale(r->service.cache, (uint32_t)(config->cache.stale_ns / NS_SECOND));
	struct terms *former = r->terms;
	r->terms = n->terms;
	n->terms = former;
}

static int reload_policy(const struct running *r, struct terms *terms, bool force, struct fault *fault)
{
	begin_ns = utc_now_ns();
	if (terms == r->terms)
		return policy_store_reload(r->service.policies, NULL, force, fault);
	const struct policy_spec spec = terms_spec(terms);
	return policy_store_reload(r->service.policies, &spec, force, fault);
}

static void tell_kept(const struct running *r, const struct buf *kept)
{
	if (kept->len > 0)
		log_line(LOG_LEVEL_WARNING,
			 tr("%s: these come into force by a restart only, and stay as they were: %.*s",
			    "%s: 次のキーは再起動でのみ反映され、今は元のまま: %.*s"),
			 r->config->file, (int)kept->len, kept->data);
}

/* What happened in a directory of a new configuration before it was watched. That is in force already. */
static void catch_up(struct running *r)
{
	struct fault fault = {0};
	if (reload_files(r, &fault) != HN_OK)
		policy_stays(&fault);
}

int running_reload(struct running *r, bool force, struct buf *kept, struct fault *fault)
{
	struct renewal n = {0};
	pthread_mutex_lock(&r->reload);
	int rc = read_all(r, kept, &n, fault);
	if (rc == HN_OK)
		rc = reload_anchors(r, fault);
	if (rc == HN_OK)
		rc = reload_policy(r, n.terms, force, fault);
	if (rc == HN_OK)
		take_rest(r, &n);
	if (rc == HN_OK && n.terms != r->terms)
		catch_up(r);
	pthread_mutex_unlock(&r->reload);
	if (rc == HN_OK)
		tell_kept(r, kept);
	else if (n.terms)
		config_files_blame(n.terms->config, fault);
	renewal_clear(&n);
	return rc;
}

void running_anchors_changed(struct running *r)
{
	struct fault fault = {0};
	pthread_mutex_lock(&r->reload);
	int rc = reload_anchors(r, &fault);
	pthread_mutex_unlock(&r->reload);
	if (rc != HN_OK)
		log_fault(tr("the trust anchors in use stay", "使用中のトラストアンカーを維持する"), &fault);
}

static void reload_all(struct running *r)
{
	struct fault fault = {0};
	struct buf kept;
	buf_init(&kept, KEPT_MAX);
	if (running_reload(r, false, &kept, &fault) != HN_OK)
		log_fault(tr("nothing was changed", "何も変更していない"), &fault);
	buf_clear(&kept);
}

/* ---- the thread ---- */

static unsigned wait(struct reloader *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->wanted == 0)
		pthread_cond_wait(&r->asked, &r->lock);
	unsigned wanted = r->wanted;
	r->wanted = 0;
	pthread_mutex_unlock(&r->lock);
	return wanted;
}

static void *run(void *context)
{
	struct reloader *r = context;
	struct fault fault = {0};
	for (unsigned wanted = wait(r); (wanted & WANT_END) == 0; wanted = wait(r)) {
		if (wanted & WANT_ALL)
			reload_all(r->running);
		else if (reload_files(r->running, &fault) != HN_OK)
			policy_stays(&fault);
	}
	return NULL;
}

static void want(struct reloader *r, unsigned what)
{
	pthread_mutex_lock(&r->lock);
	r->wanted |= what;
	pthread_cond_signal(&r->asked);
	pthread_mutex_unlock(&r->lock);
}

int reloader_start(struct running *running, struct reloader **out)
{
	struct reloader *r = calloc(1, sizeof(*r));
	if (!r)
		return HN_ENOMEM;
	r->running = running;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->asked, NULL);
	int rc = thread_start(&r->thread, run, r);
	if (rc == HN_OK)
		*out = r;
	else
		free(r);
	return rc;
}

void reloader_stop(struct reloader *r)
{
	if (!r)
		return;
	want(r, WANT_END);
	(void)pthread_join(r->thread, NULL);
	(void)pthread_cond_destroy(&r->asked);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

void reloader_policy(struct reloader *r)
{
	struct fault fault = {0};
	bool left = false;
	begin_ns = utc_now_ns();
	if (policy_store_reload_small(r->running->service.policies, &left, &fault) != HN_OK)
		policy_stays(&fault);
	else if (left)
		want(r, WANT_POLICY);
}

void reloader_all(struct reloader *r)
{
	want(r, WANT_ALL);
}
