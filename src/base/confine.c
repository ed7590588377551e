/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

/*
 * Landlock's interface (Documentation/userspace-api/landlock.rst), in constants of our own: Debian 12's
 * headers know ABI 2, its kernels and those of others more.
 */
#define LL_CREATE_RULESET 444
#define LL_ADD_RULE       445
#define LL_RESTRICT_SELF  446
#define LL_VERSION_FLAG   1u
#define LL_PATH_BENEATH   1

#define LL_FS_EXECUTE     (UINT64_C(1) << 0)
#define LL_FS_WRITE_FILE  (UINT64_C(1) << 1)
#define LL_FS_READ_FILE   (UINT64_C(1) << 2)
#define LL_FS_READ_DIR    (UINT64_C(1) << 3)
#define LL_FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define LL_FS_REMOVE_FILE (UINT64_C(1) << 5)
#define LL_FS_MAKE_DIR    (UINT64_C(1) << 7)
#define LL_FS_MAKE_REG    (UINT64_C(1) << 8)
#define LL_FS_REFER       (UINT64_C(1) << 13)
#define LL_FS_TRUNCATE    (UINT64_C(1) << 14)

/* By ABI: how many bits of file system rights, network rights and scopes there are, and the size of the
 * attribute. */
static const struct {
	unsigned fs, net, scope;
	size_t size;
} abis[CONFINE_ABI_MAX + 1] = {
	{0, 0, 0, 0},   {13, 0, 0, 8},  {14, 0, 0, 8},  {15, 0, 0, 8},
	{15, 2, 0, 16}, {16, 2, 0, 16}, {16, 2, 2, 24}, {16, 2, 2, 24},
};

struct ll_ruleset_attr {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct ll_path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static uint64_t all_bits(unsigned count)
{
	return (UINT64_C(1) << count) - 1;
}

int confine_identity(bool nobody, bool keep_override, struct confinement *state)
{
	bool root = geteuid() == 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return HN_EIO;
	if (root && nobody &&
	    (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	     setresuid(NOBODY, NOBODY, NOBODY) != 0))
		return HN_EIO;
	capng_clear(CAPNG_SELECT_BOTH);
	if (root && !nobody && keep_override &&
	    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE) != 0)
		return HN_EIO;
	/* The bounding set needs a capability to shrink; without it there is nothing to give up either. */
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return HN_EIO;
	/* Last: the kernel sets it anew whenever the user or the capabilities change. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return HN_EIO;
	state->unprivileged = !root || nobody;
	return HN_OK;
}

static uint64_t rights_below(unsigned rights)
{
	uint64_t allowed = 0;
	if ((rights & CONFINE_WRITE) != 0)
		allowed |= LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_REMOVE_DIR |
			   LL_FS_REMOVE_FILE | LL_FS_MAKE_DIR | LL_FS_MAKE_REG | LL_FS_REFER | LL_FS_TRUNCATE;
	if ((rights & CONFINE_REMOVE) != 0)
		allowed |= LL_FS_REMOVE_FILE;
	return allowed;
}

int confine_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
		  struct confinement *state)
{
	long abi = syscall(LL_CREATE_RULESET, NULL, 0, LL_VERSION_FLAG);
	if (abi <= 0)
		return HN_EUNSUPPORTED;
	if (abi > CONFINE_ABI_MAX)
		abi = CONFINE_ABI_MAX;
	if (abi_max > 0 && abi > (long)abi_max)
		abi = abi_max;
	struct ll_ruleset_attr attr = {
		.handled_fs = all_bits(abis[abi].fs),
		.handled_net = all_bits(abis[abi].net),
		.scoped = all_bits(abis[abi].scope),
	};
	long ruleset = syscall(LL_CREATE_RULESET, &attr, abis[abi].size, 0);
	if (ruleset < 0)
		return HN_EIO;
	int rc = HN_OK;
	for (size_t i = 0; i < count && rc == HN_OK; i++) {
		struct ll_path_beneath_attr rule = {
			.allowed = rights_below(rules[i].rights) & attr.handled_fs,
			.parent_fd = rules[i].dir_fd,
		};
		if (syscall(LL_ADD_RULE, ruleset, LL_PATH_BENEATH, &rule, 0) != 0)
			rc = HN_EIO;
	}
	if (rc == HN_OK && syscall(LL_RESTRICT_SELF, ruleset, 0) != 0)
		rc = HN_EIO;
	(void)close((int)ruleset);
	if (rc == HN_OK)
		state->landlock_abi = (unsigned)abi;
	return rc;
}
