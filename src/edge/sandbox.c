/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine_service.h"
#include "base/lang.h"

#define ETC "/etc" /* names of hosts, resolv.conf */

/* @return a descriptor, -1 */
static int open_beside(const char *dir, struct edge_beside *out, struct fault *fault)
{
	struct stat st;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		(void)fault_set(fault, HN_EIO, dir,
				tr("is not there and cannot be made: %s; make it for the edge's user, and "
				   "start the edge again",
				   "がなく、作れない: "
				   "%s。エッジのユーザーのものとして作り、エッジを再び起動すること"),
				hn_errno_text(errno));
		return -1;
	}
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)fault_set(fault, HN_EIO, dir, "%s", hn_errno_text(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	*out = (struct edge_beside){.dir = dir, .device = st.st_dev, .inode = st.st_ino};
	return fd;
}

int edge_sandbox(const struct edge_files *f, struct edge_beside *out, struct fault *fault)
{
	const bool sensor = f->sensor[0] != '\0';
	const char *dir = sensor ? f->sensor : f->events;
	struct confinement state = {0};
	struct service_rules rules = {0};
	*out = (struct edge_beside){.dir = ""};
	int beside = dir[0] == '\0' ? -1 : open_beside(dir, out, fault);
	if (dir[0] != '\0' && beside < 0)
		return HN_EIO;
	service_rules_add_fd(&rules, f->dir_fd, CONFINE_WRITE);
	service_rules_add(&rules, ETC, CONFINE_READ);
	if (beside >= 0) {
		service_rules_add_fd(&rules, beside, CONFINE_READ | (sensor ? 0u : CONFINE_REMOVE));
		(void)close(beside);
	}
	int err = service_become(NULL, &state, fault);
	if (err == HN_OK)
		err = service_files(rules.all, rules.count, &state, fault);
	service_rules_clear(&rules);
	return err;
}

int edge_sandbox_calls(struct fault *fault)
{
	struct confinement state = {0};
	return service_calls(true, &state, fault);
}

bool edge_beside_replaced(const struct edge_beside *b)
{
	struct stat st;
	return b->dir[0] != '\0' && stat(b->dir, &st) == 0 &&
	       (st.st_dev != b->device || st.st_ino != b->inode);
}
