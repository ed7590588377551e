/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "resolver/answer_print.h"
#include "resolver/commands.h"
#include "resolver/config.h"
#include "resolver/config_files.h"
#include "resolver/control.h"
#include "resolver/groups.h"
#include "resolver/policy_plan.h"

#define SERVICE_SOCKET "/run/hinomi-resolver/control"
#define PRINTED_MAX    (4u << 20)

int resolver_report(int err, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(err) : fault->message);
	return err == HN_ENOMEM || err == HN_ENOSPC ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT;
}

static int load_policy(const struct resolver_config *config, struct policy **out)
{
	struct fault fault = {0};
	struct policy_plan plan;
	const struct fault *note;

	int rc = policy_plan_make(config, &plan, &fault);
	if (rc != HN_OK) {
		(void)resolver_report(rc, &fault);
		return HN_EXIT_USAGE;
	}
	rc = policy_new(&plan.spec, NULL, out, &fault);
	policy_plan_clear(&plan);
	if (rc != HN_OK) {
		config_files_blame(config, &fault);
		return resolver_report(rc, &fault);
	}
	for (size_t i = 0; (note = policy_note(*out, i)) != NULL; i++)
		log_line(LOG_LEVEL_WARNING, "%s: %s", note->place, note->message);
	return -1;
}

int resolver_load(const char *path, struct resolver_config **config_out, struct policy **policy_out)
{
	struct fault fault = {0};
	struct resolver_config *config;

	int rc = resolver_config_read(path, &config, &fault);
	if (rc != HN_OK) {
		int code = resolver_report(rc, &fault);
		return rc == HN_EFORMAT || rc == HN_ELIMIT || rc == HN_EEXIST ? HN_EXIT_USAGE : code;
	}
	int code = load_policy(config, policy_out);
	if (code == -1)
		*config_out = config;
	else
		resolver_config_free(config);
	return code;
}

static uint32_t group_by_name(const struct resolver_config *config, const char *name)
{
	for (size_t i = 0; i < config->groups.count; i++)
		if (strcmp(RESOLVER_ITEM(resolver_group, &config->groups, i)->name, name) == 0)
			return (uint32_t)i;
	return GROUP_NONE;
}

static uint32_t group_by_client(const struct resolver_config *config, const struct ip *client)
{
	struct groups *groups;
	if (groups_new(config, &groups, NULL) != HN_OK)
		return GROUP_NONE;
	uint32_t group = groups_by_address(groups, client);
	groups_free(groups);
	return group;
}

int resolver_view(const struct resolver_config *config, const char *group, const struct ip *client,
		  unsigned *view_out)
{
	struct fault fault = {0};
	struct policy_plan plan;
	uint32_t number = group != NULL    ? group_by_name(config, group)
			  : client != NULL ? group_by_client(config, client)
					   : 0;
	if (number == GROUP_NONE && group != NULL) {
		log_line(LOG_LEVEL_ERROR, tr("%s: no group is called '%s'", "%s: '%s' というグループはない"),
			 config->file, group);
		return HN_EXIT_USAGE;
	}
	if (number == GROUP_NONE) {
		log_line(LOG_LEVEL_INFO, "%s",
			 tr("this client belongs to no group: it is refused whatever it asks",
			    "このクライアントはどのグループにも属さない。何を問い合わせても拒否される"));
		return HN_EXIT_NO;
	}
	int rc = policy_plan_make(config, &plan, &fault);
	if (rc != HN_OK)
		return resolver_report(rc, &fault);
	*view_out = plan.views[number];
	policy_plan_clear(&plan);
	return -1;
}

/* Where to ask: what was said, what the file says, or where one listens. @return -1, or the exit code */
static int find_socket(const char *socket, const char *config, char *out, size_t size)
{
	struct resolver_config *c;
	struct fault fault = {0};

	if (socket == NULL && config == NULL) {
		bool own = access(resolver_default_socket(), F_OK) == 0;
		(void)snprintf(out, size, "%s", own ? resolver_default_socket() : SERVICE_SOCKET);
		return -1;
	}
	if (socket != NULL) {
		(void)snprintf(out, size, "%s", socket);
		return -1;
	}
	int rc = resolver_config_read(config, &c, &fault);
	if (rc != HN_OK) {
		int code = resolver_report(rc, &fault);
		return rc == HN_ENOENT || rc == HN_EIO ? code : HN_EXIT_USAGE;
	}
	bool has = c->control.socket != NULL;
	if (has)
		(void)snprintf(out, size, "%s", c->control.socket);
	resolver_config_free(c);
	if (has)
		return -1;
	log_line(LOG_LEVEL_ERROR,
		 tr("%s has no 'control'; give --socket", "%s に 'control' がない。--socket を指定すること"),
		 config);
	return HN_EXIT_USAGE;
}

static int report_asking(int rc, const char *path)
{
	int error = errno;
	if (rc == HN_ENOENT)
		log_line(LOG_LEVEL_ERROR,
			 tr("no resolver listens at '%s'; does it run, and with 'control' in its "
			    "configuration?",
			    "'%s' で待ち受けている resolver がない。起動しているか、設定に 'control' "
			    "があるか"),
			 path);
	else if (rc == HN_EAUTH)
		log_line(LOG_LEVEL_ERROR,
			 tr("'%s' serves root and the resolver's own user only",
			    "'%s' はrootとresolverの利用者だけが使える"),
			 path);
	else
		log_line(LOG_LEVEL_ERROR, tr("'%s' gave no answer: %s", "'%s' から応答がない: %s"), path,
			 rc == HN_EIO ? hn_errno_text(error) : hn_strerror(rc));
	if (rc == HN_EAUTH)
		return HN_EXIT_NOT_AUTHORISED;
	return rc == HN_EFORMAT ? HN_EXIT_USAGE : HN_EXIT_UNFINISHED;
}

/* {"ok":true,"answer":...} or {"ok":false,"error":"..."} */
static int print_answer(const struct buf *line, bool json)
{
	json_t *root = json_loadb(line->data, line->len, 0, NULL);
	const json_t *ok = json_object_get(root, "ok");
	const char *error = json_string_value(json_object_get(root, "error"));
	struct buf out;
	int code = HN_EXIT_UNFINISHED;

	buf_init(&out, PRINTED_MAX);
	if (json) {
		(void)fwrite(line->data, 1, line->len, stdout);
		code = json_is_true(ok) ? HN_EXIT_DONE : HN_EXIT_NO;
	} else if (json_is_true(ok)) {
		answer_print(json_object_get(root, "answer"), &out);
		if (out.len > 0)
			(void)fwrite(out.data, 1, out.len, stdout);
		code = buf_err(&out) == HN_OK ? HN_EXIT_DONE : HN_EXIT_UNFINISHED;
	} else if (json_is_false(ok) && error != NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", error);
		code = HN_EXIT_NO;
	} else {
		log_line(LOG_LEVEL_ERROR, "%s", tr("the answer is not understood", "応答を解釈できない"));
	}
	buf_clear(&out);
	json_decref(root);
	if (fflush(stdout) != 0)
		code = HN_EXIT_UNFINISHED;
	return code;
}

int resolver_ask(const char *socket, const char *config, const char *const words[], size_t count, bool json)
{
	char path[512];
	struct buf answer;

	int code = find_socket(socket, config, path, sizeof(path));
	if (code != -1)
		return code;
	buf_init(&answer, 2 * CONTROL_ANSWER_MAX);
	int rc = control_ask(path, words, count, &answer);
	code = rc == HN_OK ? print_answer(&answer, json) : report_asking(rc, path);
	buf_clear(&answer);
	return code;
}
