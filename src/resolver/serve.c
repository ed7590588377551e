/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sodium.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "resolver/cookie_file.h"
#include "resolver/front.h"
#include "resolver/policy_plan.h"
#include "resolver/recursor_plan.h"
#include "resolver/tls.h"

#define DRAIN_MS 2000

/* All that runs, in the order in which it is made. */
struct resolver {
	const struct resolver_config *config;
	struct service service;
	struct policy_plan plan;
	struct groups *groups;
	struct cookie_secrets *cookies;
	struct front **fronts;
	size_t front_count;
	int signal_fd;
	int policy_fd;
};

static size_t core_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > RESOLVER_THREADS_MAX ? RESOLVER_THREADS_MAX : (size_t)n;
}

static int make_policy(struct resolver *r, struct fault *fault)
{
	int rc = policy_plan_make(r->config, &r->plan, fault);
	if (rc == HN_OK)
		rc = policy_store_new(&r->plan.spec, &r->service.policies, fault);
	if (rc == HN_OK)
		rc = policy_store_watch(r->service.policies, &r->policy_fd, fault);
	r->service.views = r->plan.views;
	return rc;
}

static int make_recursor(struct resolver *r, struct fault *fault)
{
	struct recursor_plan plan;
	int rc = recursor_plan_make(r->config, &plan);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	rc = recursor_new(&plan.options, &r->service.recursor, fault);
	recursor_plan_clear(&plan);
	return rc;
}

static int make_fronts(struct resolver *r, struct fault *fault)
{
	size_t count = r->config->threads > 0 ? r->config->threads : core_count();
	r->fronts = calloc(count, sizeof(*r->fronts));
	if (!r->fronts)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	for (; r->front_count < count; r->front_count++) {
		int rc = front_new(&r->service, &r->fronts[r->front_count], fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int make_service(struct resolver *r, struct fault *fault)
{
	const struct resolver_cache *cache = &r->config->cache;
	r->service.config = r->config;
	int rc = make_policy(r, fault);
	if (rc == HN_OK)
		rc = groups_new(r->config, &r->groups, fault);
	if (rc == HN_OK)
		rc = cookie_secrets_read(r->config->cookies.secrets, &r->cookies, fault);
	if (rc == HN_OK)
		rc = tls_contexts_new(r->config, &r->service.tls, fault);
	if (rc == HN_OK)
		rc = make_recursor(r, fault);
	if (rc != HN_OK)
		return rc;
	r->service.groups = r->groups;
	r->service.cookies = r->cookies;
	rc = answer_cache_new(cache->size, (uint32_t)(cache->stale_ns / NS_SECOND), &r->service.cache);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "cache", "%s", hn_strerror(rc));
}

static int make_signals(struct resolver *r, struct fault *fault)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)signal(SIGPIPE, SIG_IGN);
	return r->signal_fd >= 0 ? HN_OK : fault_set(fault, HN_EIO, "signalfd", "%s", strerror(errno));
}

static int start(struct resolver *r, struct fault *fault)
{
	int rc = recursor_start(r->service.recursor);
	for (size_t i = 0; i < r->front_count && rc == HN_OK; i++)
		rc = front_start(r->fronts[i]);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "", "%s", hn_strerror(rc));
}

static void log_fault(const char *what, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s: %s%s%s", what, fault->place, fault->place[0] ? ": " : "",
		 fault->message);
}

static void reload_policy(struct resolver *r)
{
	struct fault fault = {0};
	uint64_t before = policy_generation(policy_store_get(r->service.policies));
	if (policy_store_reload(r->service.policies, NULL, false, &fault) != HN_OK) {
		log_fault(tr("the policy in force stays", "施行中のポリシーを維持する"), &fault);
		return;
	}
	uint64_t after = policy_generation(policy_store_get(r->service.policies));
	if (after != before)
		log_line(LOG_LEVEL_INFO, tr("policy %llu is in force", "ポリシー第 %llu 版を施行"),
			 (unsigned long long)after);
}

static void reload_anchors(struct resolver *r)
{
	struct fault fault = {0};
	bool changed = false;
	if (recursor_reload(r->service.recursor, &changed, &fault) != HN_OK)
		log_fault(tr("the trust anchors in use stay", "使用中のトラストアンカーを維持する"), &fault);
	else if (changed)
		log_line(LOG_LEVEL_INFO, "%s",
			 tr("trust anchors or root hints were read anew",
			    "トラストアンカーまたはルートヒントを読み直した"));
}

/* @return whether to end */
static bool on_signal(struct resolver *r)
{
	struct signalfd_siginfo info;
	if (read(r->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	reload_policy(r);
	reload_anchors(r);
	return false;
}

static void watch(struct resolver *r)
{
	struct pollfd fds[] = {
		{.fd = r->signal_fd, .events = POLLIN},
		{.fd = r->policy_fd, .events = POLLIN},
		{.fd = recursor_watch_fd(r->service.recursor), .events = POLLIN},
	};
	for (;;) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && on_signal(r))
			return;
		if (fds[1].revents && policy_store_changed(r->service.policies))
			reload_policy(r);
		if (fds[2].revents)
			reload_anchors(r);
	}
}

/* What waits is answered, or gets a SERVFAIL; nobody is left without an answer by our end alone. */
static void stop(struct resolver *r)
{
	if (r->service.recursor)
		recursor_drain(r->service.recursor, DRAIN_MS);
	for (size_t i = 0; i < r->front_count; i++)
		front_stop(r->fronts[i]);
	for (size_t i = 0; i < r->front_count; i++)
		front_join(r->fronts[i]);
}

static void clear(struct resolver *r)
{
	for (size_t i = 0; i < r->front_count; i++)
		front_free(r->fronts[i]);
	free(r->fronts);
	recursor_free(r->service.recursor);
	answer_cache_free(r->service.cache);
	policy_store_free(r->service.policies);
	policy_plan_clear(&r->plan);
	groups_free(r->groups);
	tls_contexts_free(r->service.tls);
	sodium_free(r->cookies);
	if (r->signal_fd >= 0)
		(void)close(r->signal_fd);
}

int resolver_serve(const struct resolver_config *config, struct fault *fault)
{
	struct resolver r = {.config = config, .signal_fd = -1, .policy_fd = -1};
	int rc = make_signals(&r, fault);
	if (rc == HN_OK)
		rc = make_service(&r, fault);
	if (rc == HN_OK)
		rc = make_fronts(&r, fault);
	if (rc == HN_OK)
		rc = start(&r, fault);
	if (rc == HN_OK) {
		log_line(LOG_LEVEL_INFO, tr("ready: %zu serving threads", "準備完了: 応答スレッド %zu"),
			 r.front_count);
		watch(&r);
	}
	stop(&r);
	clear(&r);
	return rc;
}
