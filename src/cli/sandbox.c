/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/sandbox.h"

#include <errno.h>
#include <string.h>

#include "base/confine.h"
#include "base/digest.h"
#include "base/lang.h"
#include "base/log.h"

int sandbox_close(const char *const files[], size_t count, const char *dir)
{
	struct confinement state = {0};

	/* The library of digests reads its configuration, and may load more of itself, when it is first used.
	 */
	sha256_free(sha256_new());
	int rc = confine_command(files, count, dir, CONFINE_ABI_MAX, &state);
	if (rc == HN_OK)
		return -1;
	if (rc == HN_EUNSUPPORTED)
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("this kernel has no Landlock, so this command cannot be kept from what it need "
			    "not "
			    "touch; nothing was read",
			    "このカーネルにはLandlockがなく、このコマンドを必要のないファイルから隔離できない"
			    "。"
			    "何も読んでいない"));
	else
		log_line(LOG_LEVEL_ERROR,
			 tr("the command could not confine itself: %s; nothing was read",
			    "コマンドを隔離できない: %s。何も読んでいない"),
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

int sandbox_close_but(const char *dir)
{
	return sandbox_close(NULL, 0, dir);
}
