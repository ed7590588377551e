/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The two threads: one publishes what was decided, one merges overlays into a base. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "http/server.h"
#include "hub/config.h"
#include "hub/edge/followers.h"
#include "hub/record/record.h"
#include "hub/sets/bases.h"
#include "hub/sets/compile.h"
#include "hub/sets/formers.h"
#include "hub/sets/holdings.h"
#include "hub/sets/sets.h"
#include "store/approvals.h"
#include "store/outbox.h"
#include "store/warnings.h"

#define TICK_NS     (NS_SECOND / 5)
#define LOOK_NS     (15 * 60 * NS_SECOND) /* between looks for bases that are due and were not made */
#define HEAD_US     (INT64_C(7) * 24 * 3600 * 1000000) /* a head holds */
#define RENEW_US    (INT64_C(3) * 24 * 3600 * 1000000) /* before its end it is renewed */
#define KEEP_US     (INT64_C(3600) * 1000000)          /* files that no head names stay for slow readers */
#define SLOW_NS     (60 * NS_SECOND)                   /* between looks at what is over */
#define FORMER_NS   (5 * NS_SECOND)                    /* between looks at former bases */
#define CLAIM_NS    (5 * NS_SECOND) /* for which the database may still hold what a killed hub had */
#define HEAD_SIZE   (64u << 10)
#define PENDING_MAX 256     /* sets looked at in one turn */
#define LEAP        1000000 /* versions that a head leaves out after its files were lost */

static struct {
	struct hub *hub;
	int dir_fd;
	struct key *key;
	struct warnings *warnings;
	pthread_t publisher, merger, lister;
	bool shared;                       /* other hubs may decide in the same database */
	bool publishing, merging, listing; /* the threads run */
	atomic_bool decided, listed;       /* in a job; told to publisher and lister once that is committed */
	pthread_mutex_t lock;              /* guards what follows */
	pthread_cond_t wake, wake_merger, wake_lister;
	bool stopping, work, look; /* look: for the merger */
	bool lists;                /* were changed: for the lister */
	struct sets_work *queue, **queue_end;
	bool has_merged;
	struct set_standing merged; /* its number, version; files[0] is the new base */
} sets = {.dir_fd = -1,
	  .lock = PTHREAD_MUTEX_INITIALIZER,
	  .wake = PTHREAD_COND_INITIALIZER,
	  .wake_merger = PTHREAD_COND_INITIALIZER,
	  .wake_lister = PTHREAD_COND_INITIALIZER};

void sets_decided(void)
{
	atomic_store(&sets.decided, true);
}

void sets_lists_changed(void)
{
	atomic_store(&sets.listed, true);
}

const struct key_public *sets_key(void)
{
	return key_public(sets.key);
}

const struct key *sets_secret(void)
{
	return sets.key;
}

struct directory *sets_directory(void)
{
	return sets.hub == NULL ? NULL : sets.hub->directory;
}

int sets_dir(void)
{
	return sets.dir_fd;
}

struct warnings *sets_warnings(void)
{
	return sets.warnings;
}

void sets_do(struct sets_work *work)
{
	pthread_mutex_lock(&sets.lock);
	work->next = NULL;
	if (sets.queue == NULL)
		sets.queue_end = &sets.queue;
	*sets.queue_end = work;
	sets.queue_end = &work->next;
	pthread_cond_signal(&sets.wake_merger);
	pthread_mutex_unlock(&sets.lock);
}

/* With the lock held; without it while the work is done. */
static void do_queued(void)
{
	while (sets.queue != NULL) {
		struct sets_work *one = sets.queue;
		sets.queue = one->next;
		pthread_mutex_unlock(&sets.lock);
		one->run(one);
		pthread_mutex_lock(&sets.lock);
	}
}

static void wake_publisher(void)
{
	pthread_mutex_lock(&sets.lock);
	sets.work = true;
	pthread_cond_signal(&sets.wake);
	pthread_mutex_unlock(&sets.lock);
}

static void wake_lister(void)
{
	pthread_mutex_lock(&sets.lock);
	sets.lists = true;
	pthread_cond_signal(&sets.wake_lister);
	pthread_mutex_unlock(&sets.lock);
}

/* On the writer's thread, as the job was: what it said is durable now. */
static void committed(void *context, int64_t seq)
{
	(void)context;
	(void)seq;
	if (atomic_exchange(&sets.decided, false))
		wake_publisher();
	if (atomic_exchange(&sets.listed, false))
		wake_lister();
}

static int read_hub(struct reader **out)
{
	struct asker hub;
	asker_hub(&hub);
	return store_read(sets.hub->store, &hub, out);
}

/* ---- publishing ---- */

/* A head that is to come. */
struct publishing {
	struct set_standing s;
	int64_t was;
	struct buf head;
};

static int put_job(struct writing *w, void *context)
{
	struct publishing *p = context;
	return set_files_publish(w, &p->s, p->was, p->head.data, p->head.len);
}

static int put(struct publishing *p, int64_t now_us, int64_t step)
{
	p->was = p->s.version;
	p->s.version += step;
	p->s.expires_us = now_us + HEAD_US;
	p->s.head_change = p->s.change;
	buf_init(&p->head, HEAD_SIZE);
	int err = compile_head(&p->s, sets.key, now_us, &p->head);
	if (err == HN_OK)
		err = store_write(sets.hub->store, put_job, p);
	buf_clear(&p->head);
	if (err == HN_OK) {
		follow_tell(&p->s.id);
		followers_tell();
	}
	return err;
}

/* What files lack of what is decided becomes one more overlay of theirs or, where there are many, one for all
 * or many of them. */
static int add_overlay(struct reader *reader, const struct set_standing *s, struct set_file files[],
		       size_t *count)
{
	size_t keep = bases_keep(files, *count);
	bool lacks = false;
	int err = compile_lacks(s, files, *count, &lacks);
	if (err != HN_OK || !lacks)
		return err;
	err = compile_overlay(reader, s, files, keep, &files[keep]);
	if (err == HN_OK)
		*count = keep + 1;
	return err;
}

static bool are_there(const struct set_file files[], size_t count)
{
	bool all = true;
	for (size_t i = 0; all && i < count; i++) {
		char name[SETS_PATH_SIZE];
		struct stat st;
		sets_file_name(files[i].digest, name);
		all = fstatat(sets.dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		      st.st_size == files[i].size;
	}
	return all;
}

/* What was in force stays beside a new base that takes its time to fetch. */
static void change_base(struct set_standing *s, const struct set_file *base)
{
	s->former_count = 0;
	if (bases_large(base)) {
		memcpy(s->former, s->files, sizeof(s->former));
		s->former_count = s->file_count;
	}
	s->files[0] = *base;
	s->file_count = 1;
}

static int bring_up(struct reader *reader, const struct set_file *base, bool ends, struct set_standing *s)
{
	if (ends)
		s->former_count = 0;
	if (base != NULL)
		change_base(s, base);
	if (s->file_count == 0) {
		s->file_count = 1;
		return compile_base(reader, s, &s->files[0]);
	}
	int err = add_overlay(reader, s, s->files, &s->file_count);
	return err == HN_OK && s->former_count > 0 ? add_overlay(reader, s, s->former, &s->former_count)
						   : err;
}

/* @param base  a new one; NULL: none
 * @param ends  the former one is served no more */
static int publish(int64_t set, const struct set_file *base, bool ends)
{
	struct publishing p = {.was = 0};
	struct reader *reader;
	int err = read_hub(&reader);
	if (err != HN_OK)
		return err;
	err = set_files_get(reader_db(reader), set, &p.s);
	if (err == HN_OK)
		err = bring_up(reader, base, ends, &p.s);
	reader_end(reader);
	if (err == HN_OK)
		err = put(&p, utc_now_ns() / 1000, 1);
	if (err == HN_OK && bases_due(&p.s)) {
		pthread_mutex_lock(&sets.lock);
		sets.look = true;
		pthread_cond_signal(&sets.wake_merger);
		pthread_mutex_unlock(&sets.lock);
	}
	return err;
}

/*
 * A backup holds no set's files, for they are made of what the database holds: where one is missing the whole
 * set is compiled anew. Its head leaps ahead, since followers may have seen heads that the backup does not
 * know, and refuse lower ones.
 */
static int make_good(void *context, const struct set_standing *s)
{
	struct publishing p = {.s = *s};
	if (s->file_count == 0 ||
	    (are_there(s->files, s->file_count) && are_there(s->former, s->former_count)))
		return HN_OK;
	p.s.file_count = 1;
	p.s.former_count = 0;
	int err = compile_base(context, &p.s, &p.s.files[0]);
	return err == HN_OK ? put(&p, utc_now_ns() / 1000, LEAP) : err;
}

static int make_all_good(void)
{
	struct reader *reader;
	int err = read_hub(&reader);
	if (err != HN_OK)
		return err;
	err = set_files_standing(reader, 0, true, make_good, reader);
	reader_end(reader);
	return err;
}

struct pending {
	int64_t sets[PENDING_MAX];
	size_t count;
};

static int add_pending(void *context, const struct set_standing *s)
{
	struct pending *p = context;
	if (p->count < PENDING_MAX)
		p->sets[p->count++] = s->number;
	return HN_OK;
}

static void publish_all(void)
{
	struct pending p = {.count = 0};
	struct reader *reader;
	int err = read_hub(&reader);
	if (err == HN_OK) {
		err = set_files_standing(reader, utc_now_ns() / 1000 + RENEW_US, false, add_pending, &p);
		reader_end(reader);
	}
	for (size_t i = 0; err == HN_OK && i < p.count; i++)
		err = publish(p.sets[i], NULL, false);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("a set cannot be published yet: %s", "集合をまだ公開できない: %s"),
			 hn_strerror(err));
	if (err != HN_OK || p.count == PENDING_MAX) {
		pthread_mutex_lock(&sets.lock);
		sets.work = true;
		pthread_mutex_unlock(&sets.lock);
	}
}

static void publish_merged(void)
{
	pthread_mutex_lock(&sets.lock);
	struct set_standing merged = sets.merged;
	bool has = sets.has_merged;
	sets.has_merged = false;
	pthread_mutex_unlock(&sets.lock);
	int err = has ? publish(merged.number, &merged.files[0], false) : HN_OK;
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("a merged base cannot be published: %s", "統合した基底を公開できない: %s"),
			 hn_strerror(err));
}

/* Holdings change without a decision: sets that select then get their new table. */
static int add_lacking(void *context, const struct set_standing *s)
{
	bool lacks = false;
	if (s->action != SET_SELECT || s->file_count == 0)
		return HN_OK;
	int err = compile_lacks(s, s->files, s->file_count, &lacks);
	return err == HN_OK && lacks ? add_pending(context, s) : err;
}

static void publish_holdings(void)
{
	struct pending p = {.count = 0};
	struct reader *reader;
	int err = read_hub(&reader);
	if (err == HN_OK) {
		err = set_files_standing(reader, 0, true, add_lacking, &p);
		reader_end(reader);
	}
	for (size_t i = 0; err == HN_OK && i < p.count; i++)
		err = publish(p.sets[i], NULL, false);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("holdings cannot be published yet: %s", "保有情報をまだ公開できない: %s"),
			 hn_strerror(err));
}

/* ---- what is over ---- */

static void end_formers(void)
{
	int64_t over[FORMERS_MAX];
	size_t count = 0;
	struct reader *reader;
	int err = read_hub(&reader);
	if (err == HN_OK) {
		err = formers_over(reader, utc_now_ns(), over, &count);
		reader_end(reader);
	}
	for (size_t i = 0; err == HN_OK && i < count; i++)
		err = publish(over[i], NULL, true);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING, "%s: %s", "sets", hn_strerror(err));
}

static int note_expired(void *context, const struct uuid *approval)
{
	struct writing *w = context;
	char id[UUID_TEXT_SIZE], record[128];
	int64_t number = writing_next_seq(w);
	uuid_format(approval, id);
	int len = snprintf(record, sizeof(record), "{\"change\":%lld,\"what\":{\"approval\":\"%s\"}}",
			   (long long)number, id);
	return outbox_put(w, record_origin(sets.hub->record), number, "hub.approval.expired", record,
			  (size_t)len);
}

static int remove_file(void *context, const uint8_t digest[32])
{
	char name[SETS_PATH_SIZE];
	(void)context;
	sets_file_name(digest, name);
	(void)unlinkat(sets.dir_fd, name, 0);
	return HN_OK;
}

static int end_job(struct writing *w, void *context)
{
	size_t *count = context;
	int err = approvals_expire(w, 64, note_expired, w, count);
	if (err == HN_OK && *count > 0)
		sets_decided();
	if (err == HN_OK)
		err = set_files_forget(w, writing_now_us(w) - KEEP_US, remove_file, NULL);
	return err;
}

static void end_what_is_over(void)
{
	size_t count = 0;
	int err = store_write(sets.hub->store, end_job, &count);
	if (err == HN_OK && count > 0)
		err = record_outbox(sets.hub->record, NULL, NULL);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING, "%s: %s", "sets", hn_strerror(err));
}

/* ---- the threads ---- */

static void wait_for(pthread_cond_t *wake, int64_t ns)
{
	int64_t at_ns = utc_now_ns() + ns;
	const struct timespec until = {.tv_sec = at_ns / NS_SECOND, .tv_nsec = at_ns % NS_SECOND};
	(void)pthread_cond_timedwait(wake, &sets.lock, &until);
}

static void *run_publisher(void *arg)
{
	(void)arg;
	int64_t slow_ns = 0, now_ns = 0, tried_ns = 0, former_ns = 0;
	pthread_mutex_lock(&sets.lock);
	while (!sets.stopping) {
		if (!sets.work && !sets.has_merged)
			wait_for(&sets.wake, TICK_NS);
		bool any = sets.work && !sets.stopping;
		sets.work = false;
		pthread_mutex_unlock(&sets.lock);
		now_ns = utc_now_ns();
		if (any) {
			publish_all();
			tried_ns = now_ns;
		}
		publish_merged();
		(void)follow_tick(now_ns, server_draining(sets.hub->server));
		if (now_ns - slow_ns >= SLOW_NS) {
			slow_ns = now_ns;
			end_what_is_over();
			publish_holdings();
			if (sets.shared)
				wake_publisher();
		}
		if (now_ns - former_ns >= FORMER_NS) {
			former_ns = now_ns;
			end_formers();
		}
		pthread_mutex_lock(&sets.lock);
		/* What failed is tried again, but not without a pause. */
		if (sets.work && !sets.stopping && utc_now_ns() - tried_ns < NS_SECOND && any)
			wait_for(&sets.wake, TICK_NS);
	}
	pthread_mutex_unlock(&sets.lock);
	return NULL;
}

/* Where another hub publishes, its versions are told. */
static void *run_teller(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&sets.lock);
	while (!sets.stopping) {
		wait_for(&sets.wake, TICK_NS);
		pthread_mutex_unlock(&sets.lock);
		(void)follow_tick(utc_now_ns(), server_draining(sets.hub->server));
		pthread_mutex_lock(&sets.lock);
	}
	pthread_mutex_unlock(&sets.lock);
	return NULL;
}

/* A long list takes seconds to read, and what is decided is published meanwhile. Other hubs of the same
 * database change lists too, so it looks now and then. */
static void *run_lister(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&sets.lock);
	while (!sets.stopping) {
		if (!sets.lists)
			wait_for(&sets.wake_lister, TICK_NS);
		sets.lists = false;
		pthread_mutex_unlock(&sets.lock);
		/* Where they cannot be read now they stay as they were, and nothing is approved by them. */
		bool read = warnings_current(sets.warnings) == HN_OK;
		pthread_mutex_lock(&sets.lock);
		if (!read && !sets.stopping)
			wait_for(&sets.wake_lister, TICK_NS);
	}
	pthread_mutex_unlock(&sets.lock);
	return NULL;
}

struct merging {
	struct set_standing s;
	bool found;
};

static int find_most(void *context, const struct set_standing *s)
{
	struct merging *m = context;
	if (bases_due(s) && (!m->found || s->file_count > m->s.file_count)) {
		m->s = *s;
		m->found = true;
	}
	return HN_OK;
}

/* Merges one set. @return whether there was one */
static bool merge_one(void)
{
	struct merging m = {.found = false};
	struct set_file base;
	struct reader *reader;
	int err = read_hub(&reader);
	if (err == HN_OK) {
		err = set_files_standing(reader, 0, true, find_most, &m);
		reader_end(reader);
	}
	if (err != HN_OK || !m.found)
		return false;
	err = compile_merged(&m.s, &base);
	if (err != HN_OK) {
		log_line(LOG_LEVEL_WARNING,
			 tr("a set's overlays cannot be merged: %s", "集合の差分を統合できない: %s"),
			 hn_strerror(err));
		return false;
	}
	m.s.files[0] = base;
	pthread_mutex_lock(&sets.lock);
	sets.merged = m.s;
	sets.has_merged = true;
	pthread_cond_signal(&sets.wake);
	while (sets.has_merged && !sets.stopping)
		wait_for(&sets.wake_merger, TICK_NS);
	bool goes_on = !sets.stopping;
	pthread_mutex_unlock(&sets.lock);
	return goes_on;
}

static void *run_merger(void *arg)
{
	(void)arg;
	int64_t all_ns = utc_now_ns();
	pthread_mutex_lock(&sets.lock);
	while (!sets.stopping) {
		if (!sets.look && sets.queue == NULL)
			wait_for(&sets.wake_merger, NS_SECOND);
		do_queued();
		bool all = utc_now_ns() - all_ns >= LOOK_NS;
		bool any = (sets.look || all) && sets.hub->config->publish && !sets.stopping;
		sets.look = false;
		pthread_mutex_unlock(&sets.lock);
		if (all)
			all_ns = utc_now_ns();
		while (any && merge_one())
			;
		pthread_mutex_lock(&sets.lock);
	}
	do_queued();
	pthread_mutex_unlock(&sets.lock);
	return NULL;
}

/* ---- beginning and ending ---- */

static int open_folder(const struct hub_config *c, struct fault *fault)
{
	int data = open(c->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data < 0)
		return fault_set(fault, hn_err_of_errno(errno), c->data, "%s", hn_errno_text(errno));
	if (mkdirat(data, "sets", 0750) != 0 && errno != EEXIST) {
		(void)close(data);
		return fault_set(fault, hn_err_of_errno(errno), "sets", "%s", hn_errno_text(errno));
	}
	sets.dir_fd = openat(data, "sets", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(data);
	return sets.dir_fd >= 0 ? HN_OK : fault_set(fault, HN_EIO, "sets", "%s", hn_errno_text(errno));
}

static int open_key(const struct hub_config *c, struct fault *fault)
{
	char path[4096], name[KEY_NAME_MAX + 1];
	if (snprintf(path, sizeof(path), "%s/keys/sets", c->data) >= (int)sizeof(path))
		return fault_set(fault, HN_ELIMIT, c->data, "%s", hn_strerror(HN_ELIMIT));
	(void)snprintf(name, sizeof(name), "hinomi/hub/%s", c->name);
	return identity_load_or_make(path, name, &sets.key, NULL, fault);
}

/* A kill between file and head leaves a file that nobody will ever name. */
static int remove_strays(void)
{
	struct reader *reader;
	int fd = openat(sets.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return HN_EIO;
	int err = read_hub(&reader);
	for (struct dirent *d; err == HN_OK && (d = readdir(dir)) != NULL;) {
		uint8_t digest[32];
		bool known = true;
		if (strlen(d->d_name) == SETS_PATH_SIZE - 1 && hex_decode(d->d_name, 64, digest, 32) == HN_OK)
			err = set_files_known(reader, digest, &known);
		if (!known)
			(void)unlinkat(sets.dir_fd, d->d_name, 0);
	}
	if (err == HN_OK)
		reader_end(reader);
	(void)closedir(dir);
	return err;
}

static int claim(struct fault *fault)
{
	const struct timespec pause = {.tv_nsec = TICK_NS};
	int64_t until_ns = utc_now_ns() + CLAIM_NS;
	int err;
	while ((err = store_claim(sets.hub->store)) == HN_EEXIST && utc_now_ns() < until_ns)
		(void)nanosleep(&pause, NULL);
	if (err != HN_EEXIST)
		return err;
	return fault_set(
		fault, err, "publish",
		tr("another hub publishes sets from this database; say 'publish: false' here, or "
		   "stop the other",
		   "このデータベースから集合を公開しているハブがほかにある。ここでは 'publish: false' "
		   "とするか、そのハブを止めること"));
}

/* What of the files is not as the database has it. */
static int begin_publishing(struct fault *fault)
{
	int err = claim(fault);
	if (err == HN_OK)
		err = remove_strays();
	return err == HN_OK ? make_all_good() : err;
}

static int start(struct hub *hub, struct fault *fault)
{
	bool publishes = hub->config->publish;
	sets.hub = hub;
	sets.shared = strncmp(hub->config->database, "sqlite:", 7) != 0;
	sets.stopping = false;
	sets.work = true;
	int err = open_folder(hub->config, fault);
	if (err == HN_OK)
		err = open_key(hub->config, fault);
	if (err == HN_OK)
		err = warnings_open(hub->store, &sets.warnings, fault);
	if (err == HN_OK && publishes)
		err = begin_publishing(fault);
	if (err == HN_OK)
		err = store_watch(hub->store, committed, NULL);
	if (err == HN_OK &&
	    pthread_create(&sets.publisher, NULL, publishes ? run_publisher : run_teller, NULL) != 0)
		err = HN_ENOMEM;
	sets.publishing = err == HN_OK;
	if (err == HN_OK && pthread_create(&sets.merger, NULL, run_merger, NULL) != 0)
		err = HN_ENOMEM;
	sets.merging = err == HN_OK;
	if (err == HN_OK && pthread_create(&sets.lister, NULL, run_lister, NULL) != 0)
		err = HN_ENOMEM;
	sets.listing = err == HN_OK;
	if (err != HN_OK && fault->message[0] == '\0')
		(void)fault_set(fault, err, "sets", "%s", hn_strerror(err));
	return err;
}

static void stop(struct hub *hub)
{
	(void)hub;
	pthread_mutex_lock(&sets.lock);
	sets.stopping = true;
	pthread_cond_broadcast(&sets.wake);
	pthread_cond_broadcast(&sets.wake_merger);
	pthread_cond_broadcast(&sets.wake_lister);
	pthread_mutex_unlock(&sets.lock);
	if (sets.merging)
		(void)pthread_join(sets.merger, NULL);
	if (sets.publishing)
		(void)pthread_join(sets.publisher, NULL);
	if (sets.listing)
		(void)pthread_join(sets.lister, NULL);
	pthread_mutex_lock(&sets.lock);
	do_queued();
	pthread_mutex_unlock(&sets.lock);
	(void)follow_tick(0, true);
	sets.merging = sets.publishing = sets.listing = false;
	holdings_end();
	warnings_close(sets.warnings);
	key_free(sets.key);
	if (sets.dir_fd >= 0)
		(void)close(sets.dir_fd);
	sets.warnings = NULL;
	sets.key = NULL;
	sets.dir_fd = -1;
}

const struct hub_part SETS = {.name = "sets", .start = start, .stop = stop};
