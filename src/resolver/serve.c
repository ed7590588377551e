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

#include <urcu-qsbr.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/serving.h"
#include "base/utc.h"
#include "resolver/collector.h"
#include "resolver/cookie_file.h"
#include "resolver/event_log.h"
#include "resolver/front.h"
#include "resolver/lookup.h"
#include "resolver/rate_limit.h"
#include "resolver/recursor_plan.h"
#include "resolver/running.h"
#include "resolver/sandbox.h"
#include "resolver/serve_control.h"
#include "resolver/serve_cookies.h"
#include "resolver/serve_metrics.h"
#include "resolver/serve_page.h"
#include "resolver/serve_reload.h"
#include "resolver/terms.h"
#include "resolver/tls.h"

#define DRAIN_MS           2000
#define COLLECTOR_PART     16 /* of all event files, one of its files may be at most */
#define PAGE_ADDRESSES_MAX 16

/* All that runs, in the order in which it is made. */
struct resolver {
	struct running running;
	struct recursor *collecting; /* the collector's */
	struct control *control;
	struct blockpage *page;
	struct metrics_server *metrics;
	struct reloader *reloader;
	int metrics_fd;
	int control_fd;
	int page_fds[PAGE_ADDRESSES_MAX];
	int signal_fd;
	int policy_fd;
	struct confinement confinement;
};

static size_t core_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > RESOLVER_THREADS_MAX ? RESOLVER_THREADS_MAX : (size_t)n;
}

static int make_policy(struct resolver *r, struct fault *fault)
{
	int64_t begin_ns = utc_now_ns();
	int rc = terms_new(r->running.config, &r->running.terms, fault);
	if (rc != HN_OK)
		return rc;
	const struct policy_spec spec = terms_spec(r->running.terms);
	rc = policy_store_new(&spec, &r->running.service.policies, fault);
	if (rc != HN_OK)
		return rc;
	int64_t now_ns = utc_now_ns();
	atomic_store(&r->running.policy_since_ns, now_ns);
	atomic_store(&r->running.policy_load_ns, now_ns - begin_ns);
	return policy_store_watch(r->running.service.policies, &r->policy_fd, fault);
}

/* Before the serving threads, each of which has a ring of its own. */
static int make_events(struct resolver *r, struct fault *fault)
{
	struct service *service = &r->running.service;
	uid_t owner;
	int rc = sandbox_user(r->running.config, &owner, NULL, fault);
	if (rc == HN_OK)
		rc = event_log_new(r->running.config, owner, &service->events, fault);
	if (rc == HN_OK) {
		event_log_policy(service->events, policy_store_get(service->policies));
		running_hear_of_policies(&r->running);
	}
	return rc;
}

static int make_recursor(struct resolver *r, struct fault *fault)
{
	struct recursor_plan plan;
	int rc = recursor_plan_make(r->running.config, &plan);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	rc = recursor_new(&plan.options, &r->running.service.recursor, fault);
	recursor_plan_clear(&plan);
	return rc;
}

static int make_collector(struct resolver *r, struct fault *fault)
{
	const struct resolver_config *config = r->running.config;
	struct recursor_plan plan;
	if (!config->collector.enabled)
		return HN_OK;
	int rc = recursor_plan_collector(config, &plan);
	if (rc != HN_OK)
		return fault_set(fault, rc, "collector", "%s", hn_strerror(rc));
	rc = recursor_new(&plan.options, &r->collecting, fault);
	recursor_plan_clear(&plan);
	if (rc != HN_OK)
		return rc;
	const struct collector_options options = {
		.policies = r->running.service.policies,
		.recursor = r->collecting,
		.dir_fd = event_log_directory(r->running.service.events),
		.interval_ns = config->collector.interval_ns,
		.rotate_ns = config->events.rotate_ns,
		.size_max = config->events.size / COLLECTOR_PART,
	};
	rc = collector_new(&options, &r->running.collector);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "collector", "%s", hn_strerror(rc));
}

static int make_fronts(struct resolver *r, struct fault *fault)
{
	size_t count = r->running.config->threads > 0 ? r->running.config->threads : core_count();
	r->running.fronts = calloc(count, sizeof(*r->running.fronts));
	if (!r->running.fronts)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	for (; r->running.front_count < count; r->running.front_count++) {
		int rc = front_new(&r->running.service, &r->running.fronts[r->running.front_count], fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int make_cookies(struct resolver *r, struct fault *fault)
{
	struct cookie_secrets *secrets;
	int rc = cookie_secrets_read(r->running.config->cookies.secrets, &secrets, fault);
	if (rc == HN_OK)
		serve_cookies_put(&r->running, secrets);
	return rc;
}

static int make_service(struct resolver *r, struct fault *fault)
{
	const struct resolver_cache *cache = &r->running.config->cache;
	r->running.service.config = r->running.config;
	int rc = make_policy(r, fault);
	if (rc == HN_OK)
		rc = make_events(r, fault);
	if (rc == HN_OK)
		rc = make_cookies(r, fault);
	if (rc == HN_OK)
		rc = tls_contexts_new(r->running.config, &r->running.service.tls, fault);
	if (rc == HN_OK)
		rc = make_recursor(r, fault);
	if (rc == HN_OK)
		rc = make_collector(r, fault);
	if (rc != HN_OK)
		return rc;
	rc = lookup_new(r->running.service.recursor, r->running.service.events, &r->running.lookup);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	rc = rate_limit_new(&r->running.service.limits);
	if (rc == HN_OK)
		rc = rate_limit_new(&r->running.service.refusals);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	rc = answer_cache_new(cache->size, (uint32_t)(cache->stale_ns / NS_SECOND),
			      &r->running.service.cache);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "cache", "%s", hn_strerror(rc));
}

/* The socket's file belongs to whom we become: he may ask what he runs. */
static int listen_control(const struct resolver_config *config, int *fd_out, struct fault *fault)
{
	uid_t user = geteuid();
	gid_t group;
	int rc = user == 0 ? sandbox_user(config, &user, &group, fault) : HN_OK;
	return rc == HN_OK ? control_listen(config->control.socket, user, fd_out, fault) : rc;
}

/* Sockets that need privileges, or a directory that is out of reach later. */
static int make_sockets(struct resolver *r, struct fault *fault)
{
	const struct resolver_config *config = r->running.config;
	int rc = HN_OK;
	if (config->control.socket)
		rc = listen_control(config, &r->control_fd, fault);
	if (rc == HN_OK && config->blockpage.addresses.count > 0)
		rc = blockpage_listen(&config->blockpage, r->page_fds, fault);
	if (rc == HN_OK && config->metrics.port != 0)
		rc = metrics_listen(&config->metrics, &r->metrics_fd, fault);
	return rc;
}

static int start_servers(struct resolver *r)
{
	const struct resolver_config *config = r->running.config;
	int rc = HN_OK;
	if (r->control_fd >= 0)
		rc = control_start(r->control_fd, serve_commands, &r->running, &r->control);
	if (rc == HN_OK)
		r->control_fd = -1;
	const struct blockpage_options options = {
		.config = &config->blockpage,
		.find = serve_page_find,
		.shown = serve_page_shown,
		.context = &r->running,
	};
	if (rc == HN_OK && config->blockpage.addresses.count > 0)
		rc = blockpage_start(&options, r->page_fds, &r->page);
	if (rc == HN_OK && r->metrics_fd >= 0)
		rc = metrics_start(r->metrics_fd, &r->running, &r->metrics);
	if (rc == HN_OK)
		r->metrics_fd = -1;
	return rc;
}

/* liburcu begins its thread when it is first needed: later the sandbox would not let it. */
static void start_reclamation(void)
{
	(void)get_default_call_rcu_data();
}

static int start(struct resolver *r, struct fault *fault)
{
	int rc = sandbox_files(r->running.config, r->running.service.recursor, &r->confinement, fault);
	if (rc == HN_OK)
		rc = event_log_open(r->running.service.events, fault);
	if (rc != HN_OK)
		return rc;
	start_reclamation();
	rc = event_log_start(r->running.service.events);
	if (rc == HN_OK)
		rc = recursor_start(r->running.service.recursor);
	if (rc == HN_OK && r->collecting)
		rc = recursor_start(r->collecting);
	if (rc == HN_OK && r->running.collector)
		rc = collector_start(r->running.collector);
	for (size_t i = 0; i < r->running.front_count && rc == HN_OK; i++)
		rc = front_start(r->running.fronts[i]);
	if (rc == HN_OK)
		rc = start_servers(r);
	if (rc == HN_OK)
		rc = reloader_start(&r->running, &r->reloader);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	rc = sandbox_calls(&r->confinement, fault);
	for (size_t i = 0; i < r->running.front_count && rc == HN_OK; i++)
		front_go(r->running.fronts[i]);
	return rc;
}

/* @return whether to end */
static bool on_signal(struct resolver *r)
{
	struct signalfd_siginfo info;
	if (read(r->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	reloader_all(r->reloader);
	return false;
}

static void watch(struct resolver *r)
{
	struct pollfd fds[] = {
		{.fd = r->signal_fd, .events = POLLIN},
		{.fd = r->policy_fd, .events = POLLIN},
		{.fd = recursor_watch_fd(r->running.service.recursor), .events = POLLIN},
	};
	for (;;) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && on_signal(r))
			return;
		if (fds[1].revents && policy_store_changed(r->running.service.policies))
			reloader_policy(r->reloader);
		if (fds[2].revents)
			running_anchors_changed(&r->running);
	}
}

/* What waits is answered, or gets a SERVFAIL; nobody is left without an answer by our end alone. */
static void stop(struct resolver *r)
{
	reloader_stop(r->reloader);
	lookup_stop(r->running.lookup);
	control_stop(r->control);
	blockpage_stop(r->page);
	metrics_stop(r->metrics);
	collector_stop(r->running.collector);
	if (r->collecting)
		recursor_drain(r->collecting, 0);
	collector_finish(r->running.collector);
	if (r->running.service.recursor)
		recursor_drain(r->running.service.recursor, DRAIN_MS);
	for (size_t i = 0; i < r->running.front_count; i++)
		front_stop(r->running.fronts[i]);
	for (size_t i = 0; i < r->running.front_count; i++)
		front_join(r->running.fronts[i]);
	if (r->running.service.events)
		event_log_stop(r->running.service.events);
}

static void clear(struct resolver *r)
{
	for (size_t i = 0; i < r->running.front_count; i++)
		front_free(r->running.fronts[i]);
	free(r->running.fronts);
	recursor_free(r->running.service.recursor);
	lookup_free(r->running.lookup);
	recursor_free(r->collecting);
	collector_free(r->running.collector);
	event_log_free(r->running.service.events);
	answer_cache_free(r->running.service.cache);
	rate_limit_free(r->running.service.limits);
	rate_limit_free(r->running.service.refusals);
	policy_store_free(r->running.service.policies);
	terms_release(r->running.terms);
	tls_contexts_free(r->running.service.tls);
	serve_cookies_free(&r->running);
	if (r->signal_fd >= 0)
		(void)close(r->signal_fd);
	if (r->control_fd >= 0)
		(void)close(r->control_fd);
	if (r->metrics_fd >= 0)
		(void)close(r->metrics_fd);
	pthread_mutex_destroy(&r->running.reload);
}

int resolver_serve(const struct resolver_config *config, struct fault *fault)
{
	struct resolver r = {
		.running = {.config = config, .since_ns = utc_now_ns(), .reload = PTHREAD_MUTEX_INITIALIZER},
		.control_fd = -1,
		.metrics_fd = -1,
		.signal_fd = -1,
		.policy_fd = -1,
	};
	serving_raise_descriptors();
	int rc = serving_signals(&r.signal_fd, fault);
	if (rc == HN_OK)
		rc = make_service(&r, fault);
	if (rc == HN_OK)
		rc = make_fronts(&r, fault);
	if (rc == HN_OK)
		rc = make_sockets(&r, fault);
	if (rc == HN_OK)
		rc = start(&r, fault);
	if (rc == HN_OK) {
		log_line(LOG_LEVEL_INFO,
			 tr("ready: %zu serving threads; Landlock ABI %u, system calls %s",
			    "準備完了: 応答スレッド %zu、Landlock ABI %u、システムコールの制限 %s"),
			 r.running.front_count, r.confinement.landlock_abi,
			 r.confinement.system_calls ? tr("filtered", "あり") : tr("open", "なし"));
		watch(&r);
	}
	stop(&r);
	clear(&r);
	return rc;
}
