/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "resolver/event_keep.h"
#include "resolver/event_log_inside.h"
#include "resolver/thread.h"

#define RING_BYTES (2u << 20)
#define IDLE_NS    (50 * NS_SECOND / 1000)
#define BUSY_NS    (2 * NS_SECOND / 1000)
#define BUSY       4096                  /* taken in one round: the next one comes soon */
#define FILE_SIZE  (UINT64_C(128) << 20) /* a file is closed at this, or at a sixteenth of all */
#define FILES_PART 16

/* ---- making ---- */

static int open_directory(struct event_log *log, uid_t owner, struct fault *fault)
{
	const char *path = log->config->events.directory;
	bool made = mkdir(path, 0700) == 0;
	if (made || errno == EEXIST)
		log->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dir_fd < 0 || (made && owner != (uid_t)-1 && fchown(log->dir_fd, owner, (gid_t)-1) < 0))
		return fault_set(fault, hn_err_of_errno(errno), path,
				 tr("cannot open the directory for events: %s",
				    "イベント用ディレクトリを開けない: %s"),
				 hn_errno_text(errno));
	return HN_OK;
}

static uint64_t file_size(const struct event_log *log)
{
	uint64_t part = atomic_load(&log->size) / FILES_PART;
	return part < FILE_SIZE ? part : FILE_SIZE;
}

static int new_file(const struct event_log *log, const char *directory, struct event_file **out)
{
	const struct event_file_options options = {
		.dir_fd = log->dir_fd,
		.directory = directory,
		.stem = "events",
		.rotate_ns = atomic_load(&log->rotate_ns),
		.size_max = file_size(log),
	};
	return event_file_new(&options, out);
}

static struct event_file *find_file(const struct event_log *log, const struct uuid *organisation)
{
	for (size_t i = 0; i < log->address_count; i++)
		if (uuid_compare(&log->addresses[i].organisation, organisation) == 0)
			return log->addresses[i].file;
	return NULL;
}

static void directory_of(const struct uuid *organisation, char out[64])
{
	char text[UUID_TEXT_SIZE];
	uuid_format(organisation, text);
	(void)snprintf(out, 64, EVENT_KEEP_ORGANISATION "%s", text);
}

struct event_file *event_log_file_of(struct event_log *log, const struct uuid *organisation)
{
	char directory[64];
	struct event_file *file = find_file(log, organisation);
	if (file)
		return file;
	struct addresses *all = realloc(log->addresses, (log->address_count + 1) * sizeof(*all));
	if (!all)
		return NULL;
	log->addresses = all;
	directory_of(organisation, directory);
	if (new_file(log, directory, &file) != HN_OK)
		return NULL;
	all[log->address_count++] = (struct addresses){*organisation, file};
	return file;
}

void event_log_limit_files(struct event_log *log)
{
	int64_t rotate_ns = atomic_load(&log->rotate_ns);
	event_file_limit(log->file, rotate_ns, file_size(log));
	for (size_t i = 0; i < log->address_count; i++)
		event_file_limit(log->addresses[i].file, rotate_ns, file_size(log));
}

void event_log_settings(struct event_log *log, const struct resolver_events *settings)
{
	atomic_store(&log->rotate_ns, settings->rotate_ns);
	atomic_store(&log->keep_ns, settings->keep_ns);
	atomic_store(&log->size, settings->size);
}

static int make_files(struct event_log *log)
{
	const struct config_list *groups = &log->config->groups;
	int rc = new_file(log, NULL, &log->file);
	for (size_t i = 0; i < groups->count && rc == HN_OK; i++) {
		const struct resolver_group *g = RESOLVER_ITEM(resolver_group, groups, i);
		if (g->addresses && !event_log_file_of(log, &g->organisation))
			rc = HN_ENOMEM;
	}
	return rc;
}

/* Waits by the clock that nobody sets. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

int event_log_new(const struct resolver_config *config, uid_t owner, struct event_log **out,
		  struct fault *fault)
{
	struct event_log *log = calloc(1, sizeof(*log));
	if (!log)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	*log = (struct event_log){
		.config = config, .dir_fd = -1, .epoch = uuid_v4(), .since_ns = utc_now_ns()};
	event_log_settings(log, &config->events);
	(void)pthread_mutex_init(&log->top_lock, NULL);
	(void)pthread_mutex_init(&log->stop_lock, NULL);
	init_condition(&log->stopped);
	int rc = event_top_new(&log->top);
	if (rc == HN_OK)
		rc = event_names_new(&log->names);
	if (rc == HN_OK && config->events.directory) {
		rc = client_pseudonyms_new(&log->pseudonyms);
		if (rc == HN_OK)
			rc = event_sums_new(event_log_write_sum, log, &log->sums);
		if (rc == HN_OK)
			rc = open_directory(log, owner, fault);
		if (rc == HN_OK)
			rc = sketch_new(log->dir_fd, &log->sketch);
		if (rc == HN_OK)
			rc = make_files(log);
	}
	if (rc == HN_ENOMEM)
		(void)fault_set(fault, rc, "events", "%s", hn_strerror(rc));
	if (rc != HN_OK) {
		event_log_free(log);
		return rc;
	}
	*out = log;
	return HN_OK;
}

void event_log_free(struct event_log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < log->feed_count; i++) {
		event_ring_free(log->feeds[i].events);
		free(log->feeds[i].sites);
	}
	for (size_t i = 0; i < log->address_count; i++)
		event_file_free(log->addresses[i].file);
	free(log->addresses);
	event_file_free(log->file);
	event_sums_free(log->sums);
	client_pseudonyms_free(log->pseudonyms);
	sketch_free(log->sketch);
	event_top_free(log->top);
	event_names_free(log->names);
	if (log->dir_fd >= 0)
		(void)close(log->dir_fd);
	(void)pthread_cond_destroy(&log->stopped);
	(void)pthread_mutex_destroy(&log->stop_lock);
	(void)pthread_mutex_destroy(&log->top_lock);
	free(log);
}

static int mend_addresses(const struct event_log *log)
{
	int rc = HN_OK;
	for (size_t i = 0; i < log->address_count; i++) {
		char name[64];
		directory_of(&log->addresses[i].organisation, name);
		int fd = openat(log->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int one = fd < 0 ? errno == ENOENT ? HN_OK : HN_EIO : event_file_mend(fd);
		if (fd >= 0)
			(void)close(fd);
		if (one != HN_OK)
			rc = one;
	}
	return rc;
}

int event_log_open(struct event_log *log, struct fault *fault)
{
	if (log->dir_fd < 0)
		return HN_OK;
	int rc = event_file_mend(log->dir_fd);
	if (rc == HN_OK)
		rc = mend_addresses(log);
	/* One file that will not be mended is no reason to answer nobody. */
	if (rc != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("an event file that an earlier run left in '%s' cannot be closed: %s",
			    "'%s' に前回の実行が残したイベントファイルを閉じられない: %s"),
			 log->config->events.directory, hn_strerror(rc));
	rc = sketch_open(log->sketch);
	if (rc != HN_OK)
		return fault_set(fault, rc, log->config->events.directory,
				 tr("cannot be used for events: %s", "イベントの書込みに使えない: %s"),
				 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_OK;
}

int event_log_feed(struct event_log *log, struct event_feed *out)
{
	struct event_feed feed = {0};
	if (log->feed_count == RESOLVER_THREADS_MAX)
		return HN_ELIMIT;
	int rc = event_ring_new(RING_BYTES, &feed.events);
	if (rc == HN_OK && log->sketch) {
		rc = site_ring_new(&feed.sites);
		feed.site_key = sketch_key(log->sketch);
	}
	if (rc != HN_OK) {
		event_ring_free(feed.events);
		return rc;
	}
	log->feeds[log->feed_count++] = feed;
	*out = feed;
	return HN_OK;
}

void event_log_policy(struct event_log *log, const struct policy *policy)
{
	event_names_put(log->names, policy);
}

/* ---- the thread ---- */

/* Sleeps. @return whether to end */
static bool wait(struct event_log *log, int64_t ns)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t nsec = until.tv_nsec + ns;
	until.tv_sec += nsec / NS_SECOND;
	until.tv_nsec = nsec % NS_SECOND;
	(void)pthread_mutex_lock(&log->stop_lock);
	int rc = 0;
	while (!log->stop && rc == 0)
		rc = pthread_cond_timedwait(&log->stopped, &log->stop_lock, &until);
	bool stop = log->stop;
	(void)pthread_mutex_unlock(&log->stop_lock);
	return stop;
}

static void *run(void *context)
{
	struct event_log *log = context;
	size_t taken = 0;
	while (!wait(log, taken >= BUSY ? BUSY_NS : IDLE_NS))
		taken = event_log_round(log, utc_now_ns());
	event_log_finish(log);
	return NULL;
}

int event_log_start(struct event_log *log)
{
	int rc = thread_start(&log->thread, run, log);
	log->started = rc == HN_OK;
	return rc;
}

void event_log_stop(struct event_log *log)
{
	if (!log->started)
		return;
	(void)pthread_mutex_lock(&log->stop_lock);
	log->stop = true;
	(void)pthread_cond_signal(&log->stopped);
	(void)pthread_mutex_unlock(&log->stop_lock);
	(void)pthread_join(log->thread, NULL);
	log->started = false;
}
