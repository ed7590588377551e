/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_reload.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "resolver/event_log.h"
#include "resolver/serve_cookies.h"
#include "resolver/thread.h"
#include "resolver/tls.h"

/* What the thread is asked for. */
enum { WANT_END = 1, WANT_POLICY = 2, WANT_ALL = 4 };

struct reloader {
	struct running *running;
	pthread_mutex_t lock; /* of wanted */
	pthread_cond_t asked;
	unsigned wanted;
	pthread_t thread;
};

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

int running_reload_policy(struct running *r, bool force, struct fault *fault)
{
	begin_ns = utc_now_ns();
	return policy_store_reload(r->service.policies, NULL, force, fault);
}

int running_reload_anchors(struct running *r, struct fault *fault)
{
	bool changed = false;
	pthread_mutex_lock(&r->reload);
	int rc = recursor_reload(r->service.recursor, &changed, fault);
	pthread_mutex_unlock(&r->reload);
	if (rc == HN_OK && changed)
		log_line(LOG_LEVEL_INFO, "%s",
			 tr("trust anchors or root hints were read anew",
			    "トラストアンカーまたはルートヒントを読み直した"));
	return rc;
}

/* Renewed certificates, and the next step of changing the cookies' secret. */
int running_reload_secrets(struct running *r, struct fault *fault)
{
	pthread_mutex_lock(&r->reload);
	int rc = tls_contexts_reload(r->service.tls, r->config, fault);
	if (rc == HN_OK && r->config->cookies.secrets)
		rc = serve_cookies_read(r, fault);
	pthread_mutex_unlock(&r->reload);
	return rc;
}

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

void running_anchors_changed(struct running *r)
{
	struct fault fault = {0};
	if (running_reload_anchors(r, &fault) != HN_OK)
		log_fault(tr("the trust anchors in use stay", "使用中のトラストアンカーを維持する"), &fault);
}

static void reload_all(struct running *r)
{
	struct fault fault = {0};
	if (running_reload_policy(r, false, &fault) != HN_OK)
		policy_stays(&fault);
	running_anchors_changed(r);
	if (running_reload_secrets(r, &fault) != HN_OK)
		log_fault(tr("certificates and secrets in use stay", "使用中の証明書と秘密を維持する"),
			  &fault);
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
		else if (running_reload_policy(r->running, false, &fault) != HN_OK)
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
