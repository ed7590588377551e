/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* `hinomi edge status`: to whom it belongs, and which heads are in force. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/options.h"
#include "base/utc.h"
#include "bus/head.h"
#include "edge/commands.h"
#include "edge/files.h"

static const struct command_help help = {
	.usage = "hinomi edge status [OPTION]...",
	.text_en = "Says to which hub and witness this edge belongs, and what is in force here. Changes "
		   "nothing.",
	.text_ja = "このエッジの属するハブと委員会の検査、及びここで有効なものを示す。何も変えない。",
	.example = "hinomi edge status --directory /var/lib/hinomi-sensor/edge",
};

static void tell_side(const struct edge_files *f, enum edge_side_name name)
{
	const struct edge_side *s = &f->sides[name];
	if (s->enrolled)
		printf("%-8s %s (%s:%u)\n", edge_side_text(name), s->name, s->host, s->port);
	else
		printf(tr("%-8s not enrolled\n", "%-8s 未登録\n"), edge_side_text(name));
}

static void tell_head(const struct edge_files *f, const char *name)
{
	char path[PATH_MAX + 300], until[UTC_SIZE];
	struct buf text;
	struct head head;
	struct fault fault = {0};
	(void)snprintf(path, sizeof(path), "%s/heads/%s", f->dir, name);
	buf_init(&text, HEAD_TEXT_MAX);
	if (file_read(path, &text) == HN_OK &&
	    head_read(text.data, text.len, &f->sides[SIDE_HUB].head_key, &head, &fault) == HN_OK) {
		utc_format(head.expires_ns, until);
		printf(tr("%-15s %s  version %llu, until %s%s\n", "%-15s %s  版 %llu、%s まで%s\n"),
		       head_kind_name(head.kind), head.id, (unsigned long long)head.version, until,
		       head_expired(&head, utc_now_ns()) ? tr(", EXPIRED", "、期限切れ") : "");
		head_clear(&head);
	}
	buf_clear(&text);
}

static void tell_heads(const struct edge_files *f)
{
	int fd = openat(f->dir_fd, "heads", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			tell_head(f, e->d_name);
	(void)closedir(dir);
}

int edge_cmd_status(int argc, char **argv)
{
	const char *dir = EDGE_DIRECTORY;
	char **args, id[UUID_TEXT_SIZE];
	size_t count;
	struct edge_files f;
	struct fault fault = {0};
	const struct option_row rows[] = {
		{"directory", 'd', OPTION_STRING, &dir, "DIR", "the edge's folder (hinomi-edge)",
		 "エッジのフォルダー(hinomi-edge)"},
		{0},
	};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	int err = edge_files_open(dir, false, &f, &fault);
	if (err == HN_OK) {
		uuid_format(&f.id, id);
		printf("%s %s\n", enrol_kind_name(f.kind), id);
		tell_side(&f, SIDE_HUB);
		tell_side(&f, SIDE_WITNESS);
		tell_heads(&f);
	}
	edge_files_close(&f);
	return err == HN_OK ? HN_EXIT_DONE : edge_report(err, &fault);
}
