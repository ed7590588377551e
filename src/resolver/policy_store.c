/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <urcu-qsbr.h>

#include "base/lang.h"
#include "resolver/policy_set.h"
#include "resolver/policy_spec.h"

/* A file is whole when it was renamed into place or closed by who wrote it, not when it appears. */
#define WATCHED (IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
#define LOST    (IN_Q_OVERFLOW | IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)

/*
 * liburcu is not compiled for the thread sanitizer, which therefore is told what a grace period guarantees:
 * what a thread did before it went quiet comes before what the waiting one does afterwards.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TELL_SANITIZER
#endif
#elif defined(__SANITIZE_THREAD__)
#define TELL_SANITIZER
#endif
#ifdef TELL_SANITIZER
#include <sanitizer/tsan_interface.h>
static char grace;
#define BEFORE_QUIET() __tsan_release(&grace)
#define AFTER_GRACE()  __tsan_acquire(&grace)
#else
#define BEFORE_QUIET() ((void)0)
#define AFTER_GRACE()  ((void)0)
#endif

struct watch {
	int wd;
	char *directory;
};

struct watches {
	struct watch *items;
	size_t count;
};

/* How often a large file may turn out to have been replaced while it was read; then it is read under the
 * lock. */
#define ROUNDS_MAX 8

struct policy_store {
	_Atomic(struct policy *) current; /* by RCU */
	pthread_mutex_t reading;          /* one policy_store_reload() at a time; taken before lock */
	pthread_mutex_t lock;             /* of all that follows, of putting in force and of counting users */
	policy_store_hear *hear;
	void *context;
	struct policy_spec_kept spec;
	int inotify; /* -1: none */
	struct watches watches;
};

/* ---- the policy in force ---- */

int policy_store_new(const struct policy_spec *spec, struct policy_store **out, struct fault *fault)
{
	struct policy_store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->inotify = -1;
	(void)pthread_mutex_init(&s->reading, NULL);
	(void)pthread_mutex_init(&s->lock, NULL);
	struct policy *first = NULL;
	int rc = policy_new(spec, NULL, &first, fault);
	atomic_init(&s->current, first);
	if (rc == HN_OK)
		rc = policy_spec_keep(spec, &s->spec);
	if (rc == HN_OK)
		*out = s;
	else
		policy_store_free(s);
	return rc;
}

static void watches_clear(struct watches *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].directory);
	free(w->items);
	*w = (struct watches){0};
}

void policy_store_free(struct policy_store *store)
{
	if (store == NULL)
		return;
	if (store->inotify >= 0)
		(void)close(store->inotify);
	watches_clear(&store->watches);
	policy_free(store->current);
	policy_spec_clear(&store->spec);
	(void)pthread_mutex_destroy(&store->lock);
	(void)pthread_mutex_destroy(&store->reading);
	free(store);
}

void policy_store_on_change(struct policy_store *store, policy_store_hear *hear, void *context)
{
	store->hear = hear;
	store->context = context;
}

const struct policy *policy_store_get(const struct policy_store *store)
{
	return atomic_load_explicit(&store->current, memory_order_acquire);
}

void policy_thread_join(void)
{
	rcu_register_thread();
}

void policy_thread_leave(void)
{
	BEFORE_QUIET();
	rcu_unregister_thread();
}

void policy_thread_offline(void)
{
	BEFORE_QUIET();
	rcu_thread_offline();
}

void policy_thread_online(void)
{
	rcu_thread_online();
}

void policy_grace_passed(void)
{
	AFTER_GRACE();
}

void policy_thread_quiet(void)
{
	BEFORE_QUIET();
	rcu_quiescent_state();
}

/* ---- replacing it ---- */

static bool same_notes(const struct policy *a, const struct policy *b)
{
	if (a->note_count != b->note_count)
		return false;
	for (size_t i = 0; i < a->note_count; i++)
		if (strcmp(a->notes[i].place, b->notes[i].place) != 0 ||
		    strcmp(a->notes[i].message, b->notes[i].message) != 0)
			return false;
	return true;
}

/* Of one spec: whether all files are those that were there. */
static bool same_files(const struct policy *a, const struct policy *b)
{
	for (size_t i = 0; i < a->set_count; i++)
		if (a->sets[i].source != b->sets[i].source)
			return false;
	return same_notes(a, b);
}

static void put_in_force(struct policy_store *s, struct policy *next)
{
	struct policy *before = atomic_load_explicit(&s->current, memory_order_relaxed);
	atomic_store_explicit(&s->current, next, memory_order_release);
	if (s->hear)
		s->hear(s->context, next);
	synchronize_rcu();
	AFTER_GRACE();
	policy_free(before);
}

/* What a reload is about. */
struct change {
	const struct policy_spec *spec;
	bool another; /* than the store's own */
	struct policy_reading *reading;
	struct policy_source **read; /* large files, read ahead */
	size_t read_count;
};

static int watch_anew(struct policy_store *s, const struct policy_spec *spec, struct fault *fault);
static void watch_on(struct policy_store *s);

/* Under the lock. Nothing where a large file must be read first. What cannot be watched does not come into
 * force: later changes of it would be missed. */
static int change_now(struct policy_store *s, const struct change *c, struct fault *fault)
{
	struct policy *next = NULL;
	const struct policy_made_of of = {
		.former = s->current, .read = {c->read, c->read_count}, .reading = c->reading};
	int rc = policy_make(c->spec, &of, &next, fault);
	if (rc == HN_OK && next != NULL)
		rc = watch_anew(s, c->spec, fault);
	if (rc != HN_OK || next == NULL) {
		policy_free(next);
		return rc;
	}
	if (!c->another && same_files(s->current, next))
		policy_free(next);
	else
		put_in_force(s, next);
	return HN_OK;
}

/* Without the lock. */
static int read_ahead(struct change *c, struct fault *fault)
{
	size_t count = c->reading->wait_count < POLICY_WAITS_MAX ? c->reading->wait_count : POLICY_WAITS_MAX;
	struct policy_source **read =
		realloc(c->read, (c->read_count + count) * sizeof(struct policy_source *));
	if (read == NULL)
		return HN_ENOMEM;
	c->read = read;
	int rc = HN_OK;
	for (size_t i = 0; i < count && rc == HN_OK; i++) {
		rc = policy_source_read(&c->reading->waits[i], &read[c->read_count], fault);
		c->read_count += rc == HN_OK;
	}
	policy_reading_clear(c->reading);
	return rc;
}

/* Under the lock: of a file that is to be read once more, what was read before is nobody's. Of one that is
 * replaced again and again no more than one content is held beside that in force. */
static void release_outdated(struct change *c)
{
	const struct policy_reading *reading = c->reading;
	size_t kept = 0;
	for (size_t i = 0; i < c->read_count; i++) {
		bool outdated = false;
		for (size_t k = 0; k < reading->wait_count && k < POLICY_WAITS_MAX; k++)
			outdated =
				outdated || strcmp(reading->waits[k].path, c->read[i]->files[0]->path) == 0;
		if (outdated)
			policy_source_release(c->read[i]);
		else
			c->read[kept++] = c->read[i];
	}
	c->read_count = kept;
}

/* The end of a change, under the lock: what was read ahead is the policy's now, or nobody's. */
static void release_read(struct change *c)
{
	for (size_t i = 0; i < c->read_count; i++)
		policy_source_release(c->read[i]);
	c->read_count = 0;
}

static int change_whole(struct policy_store *s, struct change *c, struct policy_spec_kept *kept,
			struct fault *fault)
{
	for (unsigned round = 0;; round++) {
		c->reading->in_passing = round < ROUNDS_MAX;
		(void)pthread_mutex_lock(&s->lock);
		int rc = change_now(s, c, fault);
		bool over = rc != HN_OK || c->reading->wait_count == 0;
		if (over)
			release_read(c);
		else
			release_outdated(c);
		if (over && rc == HN_OK && kept != NULL) {
			policy_spec_clear(&s->spec);
			s->spec = *kept;
			*kept = (struct policy_spec_kept){0};
		}
		if (rc != HN_OK)
			watch_on(s);
		(void)pthread_mutex_unlock(&s->lock);
		if (over)
			return rc;
		rc = read_ahead(c, fault);
		if (rc != HN_OK) {
			(void)pthread_mutex_lock(&s->lock);
			release_read(c);
			(void)pthread_mutex_unlock(&s->lock);
			return rc;
		}
	}
}

static int reload(struct policy_store *s, const struct policy_spec *spec, bool force,
		  struct policy_spec_kept *kept, struct fault *fault)
{
	struct policy_spec_kept forced = {0};
	struct policy_reading reading = {0};
	struct change c = {.spec = spec, .another = kept != NULL, .reading = &reading};
	if (force) {
		int rc = policy_spec_keep(spec, &forced);
		if (rc != HN_OK)
			return rc;
		for (size_t i = 0; i < forced.spec.set_count; i++)
			forced.sets[i].keep_percent = 0;
		c.spec = &forced.spec;
	}
	int rc = change_whole(s, &c, kept, fault);
	policy_reading_clear(&reading);
	policy_spec_clear(&forced);
	free(c.read);
	return rc;
}

int policy_store_reload(struct policy_store *store, const struct policy_spec *spec, bool force,
			struct fault *fault)
{
	struct policy_spec_kept kept = {0};
	int rc = spec == NULL ? HN_OK : policy_spec_keep(spec, &kept);
	if (rc != HN_OK)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	(void)pthread_mutex_lock(&store->reading);
	/* Only who holds `reading` replaces the store's own spec. */
	rc = spec == NULL ? reload(store, &store->spec.spec, force, NULL, fault)
			  : reload(store, &kept.spec, force, &kept, fault);
	(void)pthread_mutex_unlock(&store->reading);
	policy_spec_clear(&kept);
	return rc;
}

int policy_store_reload_small(struct policy_store *store, bool *left_out, struct fault *fault)
{
	struct policy_reading reading = {.in_passing = true, .without_waiting = true};
	(void)pthread_mutex_lock(&store->lock);
	const struct change c = {.spec = &store->spec.spec, .reading = &reading};
	int rc = change_now(store, &c, fault);
	if (rc != HN_OK)
		watch_on(store);
	(void)pthread_mutex_unlock(&store->lock);
	*left_out = rc == HN_OK && reading.wait_count > 0;
	policy_reading_clear(&reading);
	return rc;
}

/* ---- hearing of changes ---- */

static bool ends_with_him(const char *name)
{
	size_t len = strlen(name);
	return len > 4 && strcmp(name + len - 4, ".him") == 0;
}

/* The directory of a path, on the heap; the last part where it points. */
static char *directory_of(const char *path, const char **name_out)
{
	const char *slash = strrchr(path, '/');
	*name_out = slash == NULL ? path : slash + 1;
	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The kernel knows a directory that is watched already and gives its number again. */
static int add_watch(int inotify, struct watches *w, const char *directory, struct fault *fault)
{
	int wd = inotify_add_watch(inotify, directory, WATCHED | IN_ONLYDIR);
	if (wd < 0)
		return fault_set(fault, errno == ENOENT ? HN_ENOENT : HN_EIO, directory,
				 tr("cannot watch it for changes: %s", "変化を監視できない: %s"),
				 hn_errno_text(errno));
	struct watch *items = realloc(w->items, (w->count + 1) * sizeof(*items));
	if (items == NULL)
		return HN_ENOMEM;
	w->items = items;
	items[w->count].wd = wd;
	items[w->count].directory = strdup(directory);
	if (items[w->count].directory == NULL)
		return HN_ENOMEM;
	w->count++;
	return HN_OK;
}

static int watch_set(int inotify, struct watches *w, const struct policy_set_spec *set, struct fault *fault)
{
	int rc = set->directory == NULL ? HN_OK : add_watch(inotify, w, set->directory, fault);
	for (size_t i = 0; rc == HN_OK && i < set->path_count; i++) {
		const char *name;
		char *directory = directory_of(set->paths[i], &name);
		rc = directory == NULL ? HN_ENOMEM : add_watch(inotify, w, directory, fault);
		free(directory);
	}
	return rc;
}

/* All directories of a spec, also where they were replaced and are others now, or those watched as before. */
static int watch_anew(struct policy_store *s, const struct policy_spec *spec, struct fault *fault)
{
	struct watches w = {0};
	int rc = HN_OK;
	if (s->inotify < 0)
		return HN_OK;
	for (size_t i = 0; rc == HN_OK && i < spec->set_count; i++)
		rc = watch_set(s->inotify, &w, &spec->sets[i], fault);
	if (rc == HN_OK) {
		struct watches former = s->watches;
		s->watches = w;
		w = former;
	}
	watches_clear(&w);
	return rc;
}

/* After a failure: the store's own directories, as far as they are there. */
static void watch_on(struct policy_store *s)
{
	struct watches w = {0};
	for (size_t i = 0; s->inotify >= 0 && i < s->spec.spec.set_count; i++)
		(void)!watch_set(s->inotify, &w, &s->spec.spec.sets[i], NULL);
	watches_clear(&s->watches);
	s->watches = w;
}

int policy_store_watch(struct policy_store *store, int *fd_out, struct fault *fault)
{
	if (store->inotify < 0)
		store->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (store->inotify < 0)
		return fault_set(fault, HN_EIO, "inotify", "%s", hn_errno_text(errno));
	int rc = watch_anew(store, &store->spec.spec, fault);
	if (rc == HN_OK)
		*fd_out = store->inotify;
	return rc;
}

/* Whether a file of a set stands at directory/name. */
static bool is_of_set(const struct policy_set_spec *set, const char *directory, const char *name)
{
	if (set->directory != NULL)
		return strcmp(set->directory, directory) == 0 && name[0] != '.' &&
		       (ends_with_him(name) || strcmp(name, "head") == 0);
	for (size_t i = 0; i < set->path_count; i++) {
		const char *last;
		char *of = directory_of(set->paths[i], &last);
		bool same = of != NULL && strcmp(of, directory) == 0 && strcmp(last, name) == 0;
		free(of);
		if (same)
			return true;
	}
	return false;
}

static bool is_ours(const struct policy_store *s, int wd, const char *name)
{
	const struct watches *w = &s->watches;
	for (size_t i = 0; i < w->count; i++)
		for (size_t k = 0; w->items[i].wd == wd && k < s->spec.spec.set_count; k++)
			if (is_of_set(&s->spec.spec.sets[k], w->items[i].directory, name))
				return true;
	return false;
}

bool policy_store_changed(struct policy_store *store)
{
	_Alignas(struct inotify_event) char bytes[8192];
	bool changed = false;
	(void)pthread_mutex_lock(&store->lock);
	for (;;) {
		ssize_t got = read(store->inotify, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		/* Whole events only: the kernel's word (inotify(7)). */
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)got;) {
			struct inotify_event e;
			memcpy(&e, bytes + at, sizeof(e));
			changed |= (e.mask & LOST) != 0 ||
				   (e.len > 0 && is_ours(store, e.wd, bytes + at + sizeof(e)));
			at += sizeof(e) + e.len;
		}
	}
	(void)pthread_mutex_unlock(&store->lock);
	return changed;
}
