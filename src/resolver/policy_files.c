/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "match/him.h"
#include "resolver/policy.h"
#include "resolver/rpz_read.h"

#define HIM_SIZE_MAX  (UINT64_C(64) << 30)
#define LISTED_MAX    1024u /* files of a directory that are looked at */
#define HEAD_NAME     "head"
#define HEAD_DIGITS   64 /* of a SHA-256 */
#define HEAD_SIZE_MAX ((size_t)256 << 10)
#define LISTINGS_MAX  16 /* of a directory whose files come and go */

/* ---- one file ---- */

static void file_release(struct policy_file *f)
{
	if (f == NULL || --f->users > 0)
		return;
	pages_clear(&f->bytes);
	free(f->path);
	free(f);
}

static struct policy_identity identity_of(const struct stat *st)
{
	return (struct policy_identity){st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_identity(const struct policy_identity *a, const struct policy_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

static struct policy_file *find_former(const struct policy_source_list *former, bool rpz,
				       const struct policy_identity *identity)
{
	for (size_t i = 0; i < former->count; i++) {
		const struct policy_source *s = former->sources[i];
		for (size_t k = 0; (s->zone != NULL) == rpz && k < s->count; k++)
			if (same_identity(&s->files[k]->identity, identity))
				return s->files[k];
	}
	return NULL;
}

static int read_bytes(int fd, struct policy_file *f, struct fault *fault)
{
	size_t got, size = (size_t)f->identity.size;
	struct stat after;
	if (size == 0 || size > HIM_SIZE_MAX)
		return fault_set(fault, HN_EFORMAT, f->path, "%s",
				 tr("not an indicator set (.him)", "指標集合 (.him) ではない"));
	int rc = pages_reserve(&f->bytes, size);
	if (rc == HN_OK)
		rc = pages_grow(&f->bytes, size);
	if (rc == HN_OK)
		rc = fd_read_full(fd, f->bytes.data, size, &got);
	if (rc == HN_EIO)
		return fault_set(fault, rc, f->path, "%s", hn_errno_text(errno));
	if (rc != HN_OK)
		return fault_set(fault, rc, f->path, "%s", hn_strerror(rc));
	f->bytes.used = got;
	if (fstat(fd, &after) != 0)
		return fault_set(fault, HN_EIO, f->path, "%s", hn_errno_text(errno));
	struct policy_identity now = identity_of(&after);
	if (got != size || !same_time(&now.modified, &f->identity.modified) || now.size != f->identity.size)
		return fault_set(fault, HN_ESTATE, f->path, "%s",
				 tr("the file changed while it was read; rename it into place",
				    "読み込み中にファイルが変わった。改名して置き換えること"));
	return HN_OK;
}

/* Header, sections and digest. What him_open() says comes with the path in front. */
static int check_him(struct policy_file *f, struct fault *fault)
{
	struct him him;
	struct fault inner = {{0}, {0}};
	int rc = him_open(f->bytes.data, f->bytes.used, &him, &inner);
	if (rc == HN_OK)
		rc = him_check_digest(&him, &inner);
	if (rc != HN_OK)
		return fault_set(fault, rc, f->path, "%s%s%s", inner.place,
				 inner.place[0] == '\0' ? "" : ": ", inner.message);
	f->overlay = (him.flags & HIM_OVERLAY) != 0;
	memcpy(f->base, him.base, sizeof(f->base));
	memcpy(f->digest, him.digest, sizeof(f->digest));
	if (him.flags & HIM_STRIPPED)
		memcpy(f->origin, him.origin, sizeof(f->origin));
	return HN_OK;
}

static int file_make(int fd, const char *path, const struct policy_identity *identity, bool rpz,
		     struct policy_file **out, struct fault *fault)
{
	struct policy_file *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HN_ENOMEM;
	f->users = 1;
	f->identity = *identity;
	f->path = strdup(path);
	int rc = f->path == NULL ? HN_ENOMEM : HN_OK;
	if (rc == HN_OK && !rpz)
		rc = read_bytes(fd, f, fault);
	if (rc == HN_OK && !rpz)
		rc = check_him(f, fault);
	if (rc == HN_OK)
		*out = f;
	else
		file_release(f);
	return rc;
}

void policy_reading_clear(struct policy_reading *reading)
{
	for (size_t i = 0; i < reading->wait_count && i < POLICY_WAITS_MAX; i++)
		free(reading->waits[i].path);
	*reading = (struct policy_reading){0};
}

/* @return whether the file is left for later */
static bool waits(struct policy_reading *reading, const char *path, bool rpz, off_t size)
{
	if (!reading->in_passing || (uint64_t)size <= (rpz ? POLICY_RPZ_SMALL : POLICY_HIM_SMALL))
		return false;
	char *copy = reading->wait_count < POLICY_WAITS_MAX ? strdup(path) : NULL;
	if (copy != NULL)
		reading->waits[reading->wait_count] = (struct policy_wait){copy, rpz};
	else if (reading->wait_count < POLICY_WAITS_MAX)
		return false;
	reading->wait_count++;
	return true;
}

/* fd_out: of a zone file that is to be read, stays open. out: NULL when the file is left for later. */
static int file_open(const char *path, bool rpz, const struct policy_source_list *former,
		     struct policy_reading *reading, int *fd_out, struct policy_file **out,
		     struct fault *fault)
{
	struct stat st;
	int rc = HN_OK, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	} else if (!S_ISREG(st.st_mode)) {
		rc = fault_set(fault, HN_EFORMAT, path, "%s", tr("this is no file", "ファイルではない"));
	} else {
		struct policy_identity identity = identity_of(&st);
		struct policy_file *there = find_former(former, rpz, &identity);
		if (there != NULL) {
			there->users++;
			*out = there;
		} else if (waits(reading, path, rpz, st.st_size)) {
			*out = NULL;
		} else {
			rc = file_make(fd, path, &identity, rpz, out, fault);
		}
	}
	if (rc == HN_OK && fd_out != NULL)
		*fd_out = fd;
	else if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* ---- which files ---- */

struct listing {
	char *names[LISTED_MAX];
	size_t count;
};

static void listing_clear(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	l->count = 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

static bool is_him_name(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".him") == 0;
}

static int listing_add(struct listing *l, const char *directory, const char *name, struct fault *fault)
{
	if (l->count == LISTED_MAX)
		return fault_set(fault, HN_ELIMIT, directory, "%s",
				 tr("too many files in the directory", "ディレクトリのファイルが多すぎる"));
	if (asprintf(&l->names[l->count], "%s/%s", directory, name) < 0)
		return HN_ENOMEM;
	l->count++;
	return HN_OK;
}

/* ---- a head ---- */

static int add_named(struct listing *l, const char *directory, const json_t *file, struct fault *fault)
{
	const char *digest = json_string_value(json_object_get(file, "digest"));
	char name[HEAD_DIGITS + sizeof(".him")];
	if (digest == NULL || strlen(digest) != HEAD_DIGITS ||
	    strspn(digest, "0123456789abcdef") != HEAD_DIGITS)
		return fault_set(fault, HN_EFORMAT, directory, "%s",
				 tr("its `head` names a file without a digest",
				    "`head` にダイジェストのないファイルがある"));
	(void)snprintf(name, sizeof(name), "%s.him", digest);
	return listing_add(l, directory, name, fault);
}

/*
 * Where `hinomi edge` keeps a directory, its file `head` says which files are the set, and is renamed into
 * place when all of them are there: what else lies there does not count. @return HN_ENOENT: there is no
 * `head`
 */
static int list_head(const char *directory, struct listing *l, struct fault *fault)
{
	char path[PATH_MAX];
	json_t *head = NULL;
	struct fault own = {{0}, {0}};
	if ((size_t)snprintf(path, sizeof(path), "%s/" HEAD_NAME, directory) >= sizeof(path))
		return HN_ENOENT;
	int rc = json_file_read(path, HEAD_SIZE_MAX, &head, &own);
	if (rc == HN_ENOENT)
		return rc;
	if (rc != HN_OK)
		return fault_set(fault, rc, path, "%s", own.message);
	const json_t *base = json_object_get(head, "base"), *overlays = json_object_get(head, "overlays");
	if (json_is_object(base))
		rc = add_named(l, directory, base, fault);
	for (size_t i = 0; rc == HN_OK && i < json_array_size(overlays); i++)
		rc = add_named(l, directory, json_array_get(overlays, i), fault);
	json_decref(head);
	return rc;
}

static int list_directory(const char *directory, struct listing *l, struct fault *fault)
{
	int found = list_head(directory, l, fault);
	if (found != HN_ENOENT)
		return found;
	DIR *dir = opendir(directory);
	int rc = HN_OK;
	if (dir == NULL)
		return fault_set(fault, hn_err_of_errno(errno), directory, "%s", hn_errno_text(errno));
	for (const struct dirent *e = readdir(dir); rc == HN_OK && e != NULL; e = readdir(dir))
		if (is_him_name(e->d_name))
			rc = listing_add(l, directory, e->d_name, fault);
	(void)closedir(dir);
	qsort(l->names, l->count, sizeof(l->names[0]), compare_names);
	return rc;
}

/* ---- base and overlays ---- */

struct opened {
	struct policy_file *files[LISTED_MAX];
	size_t count;
};

static void opened_release(struct opened *o)
{
	for (size_t i = 0; i < o->count; i++)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each file here counts this user */
		file_release(o->files[i]);
	o->count = 0;
}

static bool belongs(const struct policy_file *overlay, const struct policy_file *base)
{
	static const uint8_t none[32];
	return memcmp(overlay->base, base->digest, 32) == 0 ||
	       (memcmp(base->origin, none, 32) != 0 && memcmp(overlay->base, base->origin, 32) == 0);
}

/* The base that counts and the overlays that belong to it move to the source; the others are told of. */
static int choose(struct opened *o, const char *what, policy_note_take *note, void *context,
		  struct policy_source *out, struct fault *fault)
{
	struct policy_file *base = NULL;
	for (size_t i = 0; i < o->count; i++) {
		if (o->files[i]->overlay)
			continue;
		if (base != NULL)
			note(context, base->path,
			     tr("another base comes after it; left out",
				"後に別の基本集合があるため、除いた"));
		base = o->files[i];
	}
	if (base == NULL)
		return fault_set(fault, HN_ENOENT, what, "%s",
				 tr("there is no base, only overlays or nothing",
				    "基本集合がない (差分集合のみ、または空)"));
	base->users++;
	out->files[out->count++] = base;
	for (size_t i = 0; i < o->count; i++) {
		struct policy_file *f = o->files[i];
		if (!f->overlay)
			continue;
		if (!belongs(f, base)) {
			note(context, f->path,
			     tr("this overlay belongs to another base; left out",
				"この差分集合は別の基本集合に属するため、除いた"));
			continue;
		}
		if (out->count == POLICY_FILES_MAX)
			return fault_set(fault, HN_ELIMIT, what,
					 tr("more than %d overlays; merge them into a new base",
					    "差分集合が%d個を超える。新しい基本集合に併合すること"),
					 SET_OVERLAYS_MAX);
		f->users++;
		out->files[out->count++] = f;
	}
	return HN_OK;
}

static int open_set(struct policy_source *s, struct fault *fault)
{
	const void *data[POLICY_FILES_MAX];
	size_t sizes[POLICY_FILES_MAX];
	struct fault inner = {{0}, {0}};
	for (size_t i = 0; i < s->count; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the source is a user of each */
		data[i] = s->files[i]->bytes.data;
		sizes[i] = s->files[i]->bytes.used;
	}
	int rc = set_open_bytes(data, sizes, s->count, &s->set, &inner);
	if (rc != HN_OK)
		return fault_set(fault, rc, s->files[s->count - 1]->path, "%s", inner.message);
	return HN_OK;
}

static int open_files(const char *const paths[], size_t count, const struct policy_source_list *former,
		      struct policy_reading *reading, struct opened *o, struct fault *fault)
{
	if (count > LISTED_MAX)
		return fault_set(fault, HN_ELIMIT, paths[0], "%s",
				 tr("too many files", "ファイルが多すぎる"));
	for (size_t i = 0; i < count; i++) {
		struct policy_file *f = NULL;
		int rc = file_open(paths[i], false, former, reading, NULL, &f, fault);
		if (rc != HN_OK)
			return rc;
		if (f != NULL)
			o->files[o->count++] = f;
	}
	return HN_OK;
}

/* ---- sources ---- */

struct policy_source *policy_source_use(struct policy_source *s)
{
	s->users++;
	return s;
}

void policy_source_release(struct policy_source *s)
{
	if (s == NULL || --s->users > 0)
		return;
	set_close(s->set);
	rpz_free(s->zone);
	for (size_t i = 0; i < s->count; i++)
		file_release(s->files[i]);
	free(s);
}

/* A former source of just these files. */
static struct policy_source *same_source(const struct policy_source_list *former,
					 const struct policy_source *s)
{
	for (size_t i = 0; i < former->count; i++) {
		struct policy_source *f = former->sources[i];
		bool same = f->count == s->count && (f->set != NULL || f->zone != NULL);
		for (size_t k = 0; same && k < f->count; k++)
			same = f->files[k] == s->files[k];
		if (same)
			return f;
	}
	return NULL;
}

/* ---- while a large file is being read ---- */

/* Where a path stands among those of a set. */
static size_t rank_of(const struct policy_set_spec *spec, const char *path)
{
	size_t i = 0;
	while (i < spec->path_count && strcmp(spec->paths[i], path) != 0)
		i++;
	return i;
}

static bool comes_before(const struct policy_set_spec *spec, const struct policy_file *a,
			 const struct policy_file *b)
{
	if (spec->directory != NULL)
		return strcmp(a->path, b->path) < 0;
	return rank_of(spec, a->path) < rank_of(spec, b->path);
}

/* Puts an overlay in its order, or in the place of the one of that name. @return whether there was room */
static bool insert(const struct policy_set_spec *spec, struct policy_source *s, struct policy_file *f)
{
	size_t at = 1;
	while (at < s->count && comes_before(spec, s->files[at], f))
		at++;
	if (at < s->count && strcmp(s->files[at]->path, f->path) == 0) {
		file_release(s->files[at]);
	} else {
		if (s->count == POLICY_FILES_MAX)
			return false;
		memmove(&s->files[at + 1], &s->files[at], (s->count - at) * sizeof(s->files[0]));
		s->count++;
	}
	f->users++;
	s->files[at] = f;
	return true;
}

/*
 * What was there, and the overlays that came for its base. What was taken away stays until the large file is
 * there: who replaces a base removes the overlays that it holds now, and until it is in force they must hold.
 */
static int choose_meanwhile(const struct policy_set_spec *spec, const struct opened *o,
			    const struct policy_source *former, struct policy_source *out)
{
	for (; out->count < former->count; out->count++) {
		out->files[out->count] = former->files[out->count];
		out->files[out->count]->users++;
	}
	for (size_t i = 0; i < o->count; i++) {
		struct policy_file *f = o->files[i];
		bool there = false;
		for (size_t k = 0; k < out->count; k++)
			there = there || out->files[k] == f;
		if (!there && f->overlay && belongs(f, out->files[0]) && !insert(spec, out, f))
			return HN_ELIMIT;
	}
	return HN_OK;
}

/* ---- opening ---- */

static int open_directory(const struct policy_set_spec *spec, const struct policy_source_list *known,
			  struct policy_reading *reading, struct opened *opened, struct fault *fault)
{
	const char *paths[LISTED_MAX];
	struct listing *listing = calloc(1, sizeof(*listing));
	if (listing == NULL)
		return HN_ENOMEM;
	int rc = list_directory(spec->directory, listing, fault);
	for (size_t i = 0; i < listing->count; i++)
		paths[i] = listing->names[i];
	if (rc == HN_OK)
		rc = open_files(paths, listing->count, known, reading, opened, fault);
	listing_clear(listing);
	free(listing);
	return rc;
}

static void forget_waits(struct policy_reading *reading, size_t from)
{
	for (; reading->wait_count > from; reading->wait_count--)
		if (reading->wait_count <= POLICY_WAITS_MAX)
			free(reading->waits[reading->wait_count - 1].path);
}

/* A file that was renamed or removed between listing and opening is no fault: the directory is listed again.
 */
static int open_listed(const struct policy_set_spec *spec, const struct policy_source_list *known,
		       struct policy_reading *reading, struct opened *opened, struct fault *fault)
{
	size_t waited = reading->wait_count;
	if (spec->directory == NULL)
		return open_files(spec->paths, spec->path_count, known, reading, opened, fault);
	int rc = open_directory(spec, known, reading, opened, fault);
	for (unsigned i = 1; rc == HN_ENOENT && i < LISTINGS_MAX; i++) {
		opened_release(opened);
		forget_waits(reading, waited);
		rc = open_directory(spec, known, reading, opened, fault);
	}
	return rc;
}

static int open_him(const struct policy_set_spec *spec, const struct policy_source_list *known,
		    const struct policy_source *former, struct policy_reading *reading,
		    policy_note_take *note, void *context, struct policy_source *s, struct fault *fault)
{
	size_t waited = reading->wait_count;
	struct opened *opened = calloc(1, sizeof(*opened));
	if (opened == NULL)
		return HN_ENOMEM;
	int rc = open_listed(spec, known, reading, opened, fault);
	if (rc == HN_OK && reading->wait_count == waited)
		rc = choose(opened, spec->directory != NULL ? spec->directory : spec->paths[0], note, context,
			    s, fault);
	else if (rc == HN_OK && reading->without_waiting && former != NULL && former->set != NULL)
		rc = choose_meanwhile(spec, opened, former, s);
	opened_release(opened);
	free(opened);
	return rc;
}

static int open_zone(const struct policy_set_spec *spec, const struct policy_source_list *known,
		     struct policy_reading *reading, int *fd_out, struct policy_source *s,
		     struct fault *fault)
{
	int rc = file_open(spec->paths[0], true, known, reading, fd_out, &s->files[0], fault);
	if (rc == HN_OK && s->files[0] != NULL)
		s->count = 1;
	return rc;
}

int policy_source_open(const struct policy_set_spec *spec, const struct policy_source_list *known,
		       struct policy_source *former, struct policy_reading *reading, policy_note_take *note,
		       void *context, struct policy_source **out, struct fault *fault)
{
	int fd = -1;
	size_t waited = reading->wait_count;
	struct policy_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->users = 1;
	int rc = spec->rpz ? open_zone(spec, known, reading, &fd, s, fault)
			   : open_him(spec, known, former, reading, note, context, s, fault);
	/* More overlays than there is room for, or nothing that could be added: as it was. */
	bool meanwhile = reading->wait_count > waited;
	bool as_before = meanwhile && (rc == HN_ELIMIT || (rc == HN_OK && s->count == 0));
	struct policy_source *same = as_before                     ? former
				     : rc == HN_OK && s->count > 0 ? same_source(known, s)
								   : NULL;
	if (as_before)
		rc = HN_OK;
	else if (rc == HN_OK && same == NULL)
		rc = spec->rpz ? rpz_read_fd(fd, spec->paths[0], NULL, &s->zone, fault) : open_set(s, fault);
	if (rc == HN_OK && same == NULL && !as_before)
		*out = s;
	else
		policy_source_release(s);
	if (same != NULL)
		*out = policy_source_use(same);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

int policy_source_read(const struct policy_wait *wait, struct policy_source **out, struct fault *fault)
{
	static const struct policy_source_list none = {NULL, 0};
	struct policy_reading whole = {0};
	int fd = -1;
	struct policy_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->users = 1;
	int rc = file_open(wait->path, wait->rpz, &none, &whole, wait->rpz ? &fd : NULL, &s->files[0], fault);
	s->count = rc == HN_OK;
	if (rc == HN_OK && wait->rpz)
		rc = rpz_read_fd(fd, wait->path, NULL, &s->zone, fault);
	if (rc == HN_OK)
		*out = s;
	else
		policy_source_release(s);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
