/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine_service.h"
#include "hub/config.h"

#define USER   "hinomi-hub"
#define SQLITE "sqlite:"

static int open_data(const struct hub_config *config, int *fd_out, struct fault *fault)
{
	if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), config->data, "%s", hn_errno_text(errno));
	*fd_out = open(config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_out < 0)
		return fault_set(fault, hn_err_of_errno(errno), config->data, "%s", hn_errno_text(errno));
	return HN_OK;
}

int sandbox_identity(const struct hub_config *config, int *data_fd_out, struct confinement *state,
		     struct fault *fault)
{
	const struct passwd *user;
	int rc = open_data(config, data_fd_out, fault);
	if (rc == HN_OK)
		rc = service_user(config->user, USER, &user, fault);
	if (rc != HN_OK)
		return rc;
	if (user && fchown(*data_fd_out, user->pw_uid, user->pw_gid) != 0)
		return fault_set(fault, HN_EIO, config->data, "%s", hn_errno_text(errno));
	return service_become(user, state, fault);
}

static bool in_a_file(const struct hub_config *config)
{
	return strncmp(config->database, SQLITE, strlen(SQLITE)) == 0;
}

int sandbox_files(const struct hub_config *config, int data_fd, struct confinement *state,
		  struct fault *fault)
{
	struct service_rules rules = {0};
	service_rules_add_fd(&rules, data_fd, CONFINE_WRITE);
	if (in_a_file(config))
		service_rules_add_folder_of(&rules, config->database + strlen(SQLITE), CONFINE_WRITE);
	service_rules_add_folder_of(&rules, config->http.certificate, CONFINE_READ);
	service_rules_add_folder_of(&rules, config->http.key, CONFINE_READ);
	if (config->file[0] != '(') /* SIGHUP reads it again */
		service_rules_add_folder_of(&rules, config->file, CONFINE_READ);
	service_rules_add(&rules, "/etc", CONFINE_READ);
	service_rules_add(&rules, "/usr/share/ca-certificates", CONFINE_READ);
	int rc = service_files(rules.all, rules.count, state, fault);
	service_rules_clear(&rules);
	return rc;
}

int sandbox_calls(const struct hub_config *config, struct confinement *state, struct fault *fault)
{
	return service_calls(!in_a_file(config), state, fault);
}
