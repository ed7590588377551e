/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_ERR_H
#define HINOMI_BASE_ERR_H

/** Marks a function whose result must be looked at. */
#define HN_MUST_USE __attribute__((warn_unused_result))

/** What a function that can fail returns: HN_OK, or one of the negative values. */
enum hn_err {
	HN_OK = 0,
	HN_ETRUNC = -1,       /* the input ends, or a window ends, before the value does */
	HN_EFORMAT = -2,      /* the input breaks its own format */
	HN_ELIMIT = -3,       /* a limit of ours (size, depth, count) is passed */
	HN_ENOMEM = -4,       /* no memory */
	HN_EIO = -5,          /* the operating system refused; errno says why */
	HN_ENOENT = -6,       /* what was asked for is not there */
	HN_EEXIST = -7,       /* it is there already and may not be replaced */
	HN_EAUTH = -8,        /* a signature, digest or right does not hold */
	HN_EUNSUPPORTED = -9, /* well formed, but of a kind or version we do not know */
	HN_ESTATE = -10,      /* not in this state, or not any more */
	HN_ENOSPC = -11,      /* disk or quota full */
};

/** Exit codes of every program (docs/commands.md). */
enum hn_exit {
	HN_EXIT_DONE = 0,
	HN_EXIT_NO = 1,
	HN_EXIT_USAGE = 2,
	HN_EXIT_INPUT = 3,
	HN_EXIT_NOT_AUTHORISED = 4,
	HN_EXIT_UNFINISHED = 5,
};

/**
 * One sentence fragment for an error, in the user's language (base/lang.h).
 *
 * @return a static string, never NULL, also for unknown values
 */
const char *hn_strerror(int err);

/**
 * What an errno says, in the user's language: the few that people meet, else "error N".
 *
 * @return a string that is the calling thread's until its next call
 */
const char *hn_errno_text(int error);

/**
 * What an errno of a call on files means: HN_ENOSPC (also quota and file size limit), HN_ENOENT, HN_EEXIST,
 * HN_ENOMEM, else HN_EIO.
 */
int hn_err_of_errno(int error);

#endif
