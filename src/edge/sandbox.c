/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/lang.h"
#include "base/log.h"

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

static int confine(const struct confine_rule rules[], size_t count, struct fault *fault)
{
	struct confinement state = {0};
	int err = confine_identity(false, false, &state);
	if (err == HN_OK)
		err = confine_service_files(rules, count, CONFINE_ABI_MAX, &state);
	if (err == HN_EUNSUPPORTED) {
		log_line(LOG_LEVEL_WARNING, "%s",
			 tr("this kernel has no Landlock: files are guarded by user rights alone",
			    "このカーネルに Landlock がない: ファイルはユーザー権限だけで守られる"));
		return HN_OK;
	}
	return err == HN_OK ? HN_OK : fault_set(fault, err, "Landlock", "%s", hn_errno_text(errno));
}

int edge_sandbox(const struct edge_files *f, struct edge_beside *out, struct fault *fault)
{
	const bool sensor = f->sensor[0] != '\0';
	const char *dir = sensor ? f->sensor : f->events;
	struct confine_rule rules[3] = {{f->dir_fd, CONFINE_WRITE}};
	size_t count = 1;
	*out = (struct edge_beside){.dir = ""};
	int etc = open(ETC, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int beside = dir[0] == '\0' ? -1 : open_beside(dir, out, fault);
	int err = dir[0] != '\0' && beside < 0 ? HN_EIO : HN_OK;
	if (etc >= 0)
		rules[count++] = (struct confine_rule){etc, CONFINE_READ};
	if (beside >= 0)
		rules[count++] = (struct confine_rule){beside, CONFINE_READ | (sensor ? 0u : CONFINE_REMOVE)};
	if (err == HN_OK)
		err = confine(rules, count, fault);
	if (etc >= 0)
		(void)close(etc);
	if (beside >= 0)
		(void)close(beside);
	return err;
}

bool edge_beside_replaced(const struct edge_beside *b)
{
	struct stat st;
	return b->dir[0] != '\0' && stat(b->dir, &st) == 0 &&
	       (st.st_dev != b->device || st.st_ino != b->inode);
}
