/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFINE_H
#define HINOMI_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * How a program gives up what it does not need, before it reads the first hostile byte: in this order
 * confine_identity(), confine_files(), threads if any, confine_calls(). Nothing here can be undone.
 */

/** Highest Landlock ABI whose rights we know. */
#define CONFINE_ABI_MAX 7

/** What may still be done below a directory. */
enum confine_right {
	CONFINE_WRITE = 1,  /* make, write, rename and remove files and directories; read them */
	CONFINE_REMOVE = 2, /* remove files that are directly or deeper in it */
	CONFINE_READ = 4,   /* read files and list directories */
};

struct confine_rule {
	int dir_fd; /* stays the caller's */
	unsigned rights;
};

/** What the sandbox came to be, for receipts. */
struct confinement {
	unsigned landlock_abi; /* in force; 0: none */
	bool system_calls;     /* filtered */
	bool unprivileged;     /* no capability is left, and the user is not root */
};

/**
 * Gives up capabilities, their bounding set (where CAP_SETPCAP is there to do it) and the right to gain any,
 * and forbids core dumps and tracing by others. A parser (`nobody` true) that was started as root becomes the
 * user nobody too.
 *
 * @param keep_override  keep CAP_DAC_OVERRIDE: root writes into a directory of another user
 * @return HN_EIO (errno)
 */
HN_MUST_USE int confine_identity(bool nobody, bool keep_override, struct confinement *state);

/**
 * Landlock: from now on this thread and those it starts reach the file system only as the rules say (none:
 * not at all), and neither TCP ports, abstract sockets nor signals beyond, as far as the kernel's ABI knows
 * them. Files that are open stay usable.
 *
 * @param abi_max  pretend that the kernel knows no more than this (tests); CONFINE_ABI_MAX else
 * @return HN_EUNSUPPORTED when the kernel has no Landlock, HN_EIO (errno)
 */
HN_MUST_USE int confine_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
			      struct confinement *state);

/**
 * For a service that goes on: the capabilities it began with for its sockets are given up, and a root becomes
 * this user; the rest as confine_identity().
 *
 * @return HN_EIO (errno)
 */
HN_MUST_USE int confine_to_user(uid_t user, gid_t group, struct confinement *state);

/** confine_files() for a service that asks others: it may still connect by TCP, and listen on no new port. */
HN_MUST_USE int confine_service_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
				      struct confinement *state);

/**
 * seccomp for all threads: only the listed system calls and what every process of ours needs to compute and
 * to end (memory without execution, futexes, clocks, signals' return, exit). A forbidden call kills the
 * process; what glibc probes for (clone3, openat2, faccessat2) is answered ENOSYS.
 *
 * @param calls  system call numbers, as SCMP_SYS() gives them
 * @return HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int confine_calls(const int calls[], size_t count, struct confinement *state);

/** The same for a service that maps files to read them. */
HN_MUST_USE int confine_service_calls(const int calls[], size_t count, struct confinement *state);

/**
 * The same for one that speaks to the internet and to nobody on this machine: it makes sockets of IPv4, IPv6
 * and for the kernel's own tables, no local ones (EAFNOSUPPORT), and threads, no processes. `calls` names
 * neither socket nor clone.
 */
HN_MUST_USE int confine_internet_calls(const int calls[], size_t count, struct confinement *state);

/**
 * The whole of it for a command that a person runs on files of others: from now on the process reads whatever
 * its user may read, makes, changes and removes files only where the outputs are, has no network, begins no
 * process or program, traces and signals nobody, maps no file to execute it, and can gain no privilege. Root
 * keeps the right to read and write files of other users. Threads cannot be begun any more. In a sanitizer's
 * build the system calls stay open, for its search for leaks begins a process.
 *
 * @param files  paths of files that will be written: the directory of each is open to it. NULL and "-" are
 *               passed over; where the directory is not there, writing fails later
 * @param dir    a directory in which it will write; while it is not there, the one it will be made in.
 *               NULL: none
 * @return HN_EUNSUPPORTED when the kernel has no Landlock, HN_ELIMIT for more than CONFINE_FILES_MAX,
 *         HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int confine_command(const char *const files[], size_t count, const char *dir, unsigned abi_max,
				struct confinement *state);

#define CONFINE_FILES_MAX 8

/** Whether this is a sanitizer's build, whose run time needs more system calls and a place for its reports.
 */
bool confine_sanitized(void);

#endif
