/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"

#define PATH_ROOM  4096
#define USER_ROOM  64
#define GROUPS_MAX 1024 /* that root may be in */
#define WHERE_ROOM 320

/* ---- which there are ---- */

struct visit {
	int (*each)(void *context, const struct config_file *file);
	void *context;
	int rc;
};

static void visit(struct visit *v, const char *path, const char *key, unsigned line, enum config_file_use use)
{
	const struct config_file file = {path, key, line, use};
	if (path && v->rc == HN_OK)
		v->rc = v->each(v->context, &file);
}

static void visit_policy(struct visit *v, const struct resolver_policy *p)
{
	const char *const *paths = p->set.items;
	for (size_t i = 0; i < p->set.count; i++)
		visit(v, paths[i], "policy.set", p->line, CONFIG_FILE_READ);
	visit(v, p->directory, "policy.directory", p->line, CONFIG_FILE_SETS);
	visit(v, p->rpz, "policy.rpz", p->line, CONFIG_FILE_READ);
}

int config_files_each(const struct resolver_config *config,
		      int (*each)(void *context, const struct config_file *file), void *context)
{
	struct visit v = {each, context, HN_OK};
	const struct resolver_recursion *r = &config->recursion;
	for (size_t i = 0; i < config->listen.count; i++) {
		const struct resolver_listener *l = RESOLVER_ITEM(resolver_listener, &config->listen, i);
		visit(&v, l->certificate, "listen.certificate", l->line, CONFIG_FILE_READ);
		visit(&v, l->key, "listen.key", l->line, CONFIG_FILE_READ);
		visit(&v, l->client_ca, "listen.client_ca", l->line, CONFIG_FILE_READ);
	}
	visit(&v, r->trust_anchors, "recursion.trust_anchors", r->line, CONFIG_FILE_READ);
	visit(&v, r->root_hints, "recursion.root_hints", r->line, CONFIG_FILE_READ);
	visit(&v, r->ca, "recursion.ca", r->line, CONFIG_FILE_READ);
	for (size_t i = 0; i < config->groups.count; i++) {
		const struct resolver_group *g = RESOLVER_ITEM(resolver_group, &config->groups, i);
		visit(&v, g->prefix_file, "groups.prefix_file", g->line, CONFIG_FILE_READ);
	}
	for (size_t i = 0; i < config->policy.count; i++)
		visit_policy(&v, RESOLVER_ITEM(resolver_policy, &config->policy, i));
	visit(&v, config->events.directory, "events.directory", config->events.line, CONFIG_FILE_MADE);
	visit(&v, config->cookies.secrets, "cookies.secrets", config->cookies.line, CONFIG_FILE_READ);
	return v.rc;
}

/* ---- what they are ---- */

bool config_file_may_be_read(const char *path)
{
	struct stat st;
	return stat(path, &st) != 0 || S_ISREG(st.st_mode);
}

struct kinds {
	const struct resolver_config *config;
	struct fault *fault;
};

static int must_be_file(void *context, const struct config_file *file)
{
	const struct kinds *k = context;
	if (file->use != CONFIG_FILE_READ || config_file_may_be_read(file->path))
		return HN_OK;
	return config_fault(k->fault, HN_EFORMAT, k->config->file, file->line, file->key,
			    tr("'%.256s' is no file", "'%.256s' はファイルではない"), file->path);
}

int config_files_are_files(const struct resolver_config *config, struct fault *fault)
{
	struct kinds k = {config, fault};
	return config_files_each(config, must_be_file, &k);
}

/* ---- who named it ---- */

struct search {
	const char *place;
	struct config_file found;
	size_t len; /* of its path; 0: none yet */
};

/* The longest path that the place begins with: a file, "FILE:LINE" or something in a directory. */
static int compare(void *context, const struct config_file *file)
{
	struct search *s = context;
	size_t len = strlen(file->path);
	if (len > s->len && strncmp(s->place, file->path, len) == 0 && strchr(":/", s->place[len]) != NULL) {
		s->found = *file;
		s->len = len;
	}
	return HN_OK;
}

void config_files_blame(const struct resolver_config *config, struct fault *fault)
{
	char where[WHERE_ROOM];
	if (!fault)
		return;
	struct search s = {.place = fault->place};
	if (config_files_each(config, compare, &s) != HN_OK || s.len == 0)
		return;
	int n = snprintf(where, sizeof(where), tr(" (named in %s:%u: %s)", " (%s:%u: %s で指定)"),
			 config->file, s.found.line, s.found.key);
	size_t len = strlen(fault->message);
	if (n > 0 && (size_t)n < sizeof(where) && len + (size_t)n < sizeof(fault->message))
		memcpy(fault->message + len, where, (size_t)n + 1);
}

/* ---- whether they are in reach ---- */

struct trial {
	const struct resolver_config *config;
	const char *user; /* as which the resolver runs */
	void (*told)(void *context, const struct fault *fault);
	void *context;
};

static int tell(const struct trial *t, const struct config_file *file, const char *path, int error)
{
	struct fault fault;
	char place[sizeof(fault.place)];
	(void)snprintf(place, sizeof(place), "%s:%u: %s", t->config->file, file->line, file->key);
	(void)fault_set(
		&fault, HN_EIO, place,
		file->use == CONFIG_FILE_MADE
			? tr("'%.256s' cannot be written to by user '%s', as which the resolver runs: %s",
			     "'%.256s' に、resolver を実行するユーザー '%s' は書き込めない: %s")
			: tr("'%.256s' cannot be read by user '%s', as which the resolver runs: %s",
			     "'%.256s' を、resolver を実行するユーザー '%s' は読み込めない: %s"),
		path, t->user, hn_errno_text(error));
	t->told(t->context, &fault);
	return HN_OK;
}

static int read_error(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	return error;
}

static bool is_set(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".him") == 0;
}

static int try_sets(const struct trial *t, const struct config_file *file)
{
	DIR *dir = opendir(file->path);
	if (!dir)
		return tell(t, file, file->path, errno);
	int rc = HN_OK;
	for (const struct dirent *e = readdir(dir); rc == HN_OK && e; e = readdir(dir)) {
		char path[PATH_ROOM];
		if (!is_set(e->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", file->path, e->d_name);
		int error = read_error(path);
		if (error != 0 && error != ENOENT) /* renamed or removed meanwhile */
			rc = tell(t, file, path, error);
	}
	(void)closedir(dir);
	return rc;
}

/* As the user as which it runs. */
static int try_file(void *context, const struct config_file *file)
{
	const struct trial *t = context;
	int error = 0;
	if (file->use == CONFIG_FILE_SETS)
		return try_sets(t, file);
	if (file->use == CONFIG_FILE_READ)
		error = read_error(file->path);
	else if (faccessat(AT_FDCWD, file->path, R_OK | W_OK | X_OK, AT_EACCESS) != 0 && errno != ENOENT)
		error = errno;
	return error == 0 ? HN_OK : tell(t, file, file->path, error);
}

/* As who starts it: a directory that is not there is made then, where its parent allows. */
static int try_parent(void *context, const struct config_file *file)
{
	const struct trial *t = context;
	char parent[PATH_ROOM];
	if (file->use != CONFIG_FILE_MADE || access(file->path, F_OK) == 0 || errno != ENOENT)
		return HN_OK;
	(void)snprintf(parent, sizeof(parent), "%s", file->path);
	char *slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	if (faccessat(AT_FDCWD, slash ? parent : ".", W_OK | X_OK, AT_EACCESS) == 0)
		return HN_OK;
	return tell(t, file, file->path, errno);
}

/* Files are opened with the rights of the effective user; the real one stays root, to come back. */
static int try_as(struct trial *t, uid_t user, gid_t group)
{
	gid_t groups[GROUPS_MAX], own = getegid();
	int count = getgroups(GROUPS_MAX, groups);
	if (count < 0 || setgroups(1, &group) != 0 || setegid(group) != 0 || seteuid(user) != 0)
		return HN_EIO;
	int rc = config_files_each(t->config, try_file, t);
	if (seteuid(0) != 0 || setegid(own) != 0 || setgroups((size_t)count, groups) != 0)
		return HN_EIO;
	return rc;
}

int config_files_try(const struct resolver_config *config, uid_t user, gid_t group,
		     void (*told)(void *context, const struct fault *fault), void *context)
{
	char name[USER_ROOM];
	const struct passwd *known = getpwuid(user);
	if (known)
		(void)snprintf(name, sizeof(name), "%s", known->pw_name);
	else
		(void)snprintf(name, sizeof(name), "%u", (unsigned)user);
	struct trial t = {config, name, told, context};
	int rc = geteuid() == 0 && user != 0 ? try_as(&t, user, group)
					     : config_files_each(config, try_file, &t);
	return rc == HN_OK ? config_files_each(config, try_parent, &t) : rc;
}
