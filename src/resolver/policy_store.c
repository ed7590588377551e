/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_store.h"

#include <errno.h>
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

struct policy_store {
	_Atomic(struct policy *) current; /* by RCU */
	struct policy_spec_kept spec;
	int inotify; /* -1: none */
	struct watch *watches;
	size_t watch_count;
};

/* ---- the policy in force ---- */

int policy_store_new(const struct policy_spec *spec, struct policy_store **out, struct fault *fault)
{
	struct policy_store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->inotify = -1;
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

static void watches_clear(struct policy_store *s)
{
	for (size_t i = 0; i < s->watch_count; i++)
		free(s->watches[i].directory);
	free(s->watches);
	s->watches = NULL;
	s->watch_count = 0;
}

void policy_store_free(struct policy_store *store)
{
	if (store == NULL)
		return;
	if (store->inotify >= 0)
		(void)close(store->inotify);
	watches_clear(store);
	policy_free(store->current);
	policy_spec_clear(&store->spec);
	free(store);
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
	synchronize_rcu();
	AFTER_GRACE();
	policy_free(before);
}

static int make_next(const struct policy_store *s, const struct policy_spec_kept *spec, bool force,
		     struct policy **out, struct fault *fault)
{
	struct policy_spec_kept forced;
	if (!force)
		return policy_new(&spec->spec, s->current, out, fault);
	int rc = policy_spec_keep(&spec->spec, &forced);
	if (rc != HN_OK)
		return rc;
	for (size_t i = 0; i < forced.spec.set_count; i++)
		forced.sets[i].keep_percent = 0;
	rc = policy_new(&forced.spec, s->current, out, fault);
	policy_spec_clear(&forced);
	return rc;
}

static int add_watches(struct policy_store *s, struct fault *fault);

static int reload(struct policy_store *s, const struct policy_spec_kept *spec, bool force,
		  struct fault *fault)
{
	struct policy *next = NULL;
	int rc = make_next(s, spec, force, &next, fault);
	if (rc != HN_OK)
		return rc;
	if (spec == &s->spec && same_files(s->current, next))
		policy_free(next);
	else
		put_in_force(s, next);
	return HN_OK;
}

int policy_store_reload(struct policy_store *store, const struct policy_spec *spec, bool force,
			struct fault *fault)
{
	struct policy_spec_kept kept = {0};
	int rc = spec == NULL ? HN_OK : policy_spec_keep(spec, &kept);
	if (rc != HN_OK)
		return rc;
	rc = reload(store, spec == NULL ? &store->spec : &kept, force, fault);
	if (spec != NULL && rc == HN_OK) {
		policy_spec_clear(&store->spec);
		store->spec = kept;
	} else {
		policy_spec_clear(&kept);
	}
	/* A directory that was replaced is another one now. */
	if (store->inotify >= 0 && add_watches(store, rc == HN_OK ? fault : NULL) != HN_OK && rc == HN_OK)
		rc = HN_EIO;
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

static int add_watch(struct policy_store *s, const char *directory, struct fault *fault)
{
	int wd = inotify_add_watch(s->inotify, directory, WATCHED | IN_ONLYDIR);
	if (wd < 0)
		return fault_set(fault, errno == ENOENT ? HN_ENOENT : HN_EIO, directory,
				 tr("cannot watch it for changes: %s", "変化を監視できない: %s"),
				 strerror(errno));
	struct watch *watches = realloc(s->watches, (s->watch_count + 1) * sizeof(*watches));
	if (watches == NULL)
		return HN_ENOMEM;
	s->watches = watches;
	watches[s->watch_count].wd = wd;
	watches[s->watch_count].directory = strdup(directory);
	if (watches[s->watch_count].directory == NULL)
		return HN_ENOMEM;
	s->watch_count++;
	return HN_OK;
}

static int watch_set(struct policy_store *s, const struct policy_set_spec *set, struct fault *fault)
{
	int rc = set->directory == NULL ? HN_OK : add_watch(s, set->directory, fault);
	for (size_t i = 0; rc == HN_OK && i < set->path_count; i++) {
		const char *name;
		char *directory = directory_of(set->paths[i], &name);
		rc = directory == NULL ? HN_ENOMEM : add_watch(s, directory, fault);
		free(directory);
	}
	return rc;
}

/* The kernel knows a directory that is watched already and gives its number again. */
static int add_watches(struct policy_store *s, struct fault *fault)
{
	int rc = HN_OK;
	watches_clear(s);
	for (size_t i = 0; rc == HN_OK && i < s->spec.spec.set_count; i++)
		rc = watch_set(s, &s->spec.spec.sets[i], fault);
	return rc;
}

int policy_store_watch(struct policy_store *store, int *fd_out, struct fault *fault)
{
	if (store->inotify < 0)
		store->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (store->inotify < 0)
		return fault_set(fault, HN_EIO, "inotify", "%s", strerror(errno));
	int rc = add_watches(store, fault);
	if (rc == HN_OK)
		*fd_out = store->inotify;
	return rc;
}

/* Whether a file of a set stands at directory/name. */
static bool is_of_set(const struct policy_set_spec *set, const char *directory, const char *name)
{
	if (set->directory != NULL)
		return strcmp(set->directory, directory) == 0 && name[0] != '.' && ends_with_him(name);
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
	for (size_t i = 0; i < s->watch_count; i++)
		for (size_t k = 0; s->watches[i].wd == wd && k < s->spec.spec.set_count; k++)
			if (is_of_set(&s->spec.spec.sets[k], s->watches[i].directory, name))
				return true;
	return false;
}

bool policy_store_changed(struct policy_store *store)
{
	_Alignas(struct inotify_event) char bytes[8192];
	bool changed = false;
	for (;;) {
		ssize_t got = read(store->inotify, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return changed;
		/* Whole events only: the kernel's word (inotify(7)). */
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)got;) {
			struct inotify_event e;
			memcpy(&e, bytes + at, sizeof(e));
			changed |= (e.mask & LOST) != 0 ||
				   (e.len > 0 && is_ours(store, e.wd, bytes + at + sizeof(e)));
			at += sizeof(e) + e.len;
		}
	}
}
