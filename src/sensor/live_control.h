/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_CONTROL_H
#define HINOMI_SENSOR_LIVE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/pseudonym.h"
#include "base/err.h"
#include "base/uuid.h"

/*
 * What the writer of a live sensor tells the parser, over a socket between the two: one message a packet,
 * with at most one open file. What stands in the files the writer has read and judged. The parser answers by
 * its messages (message.h): each TICK, STOP and COMMIT ends an interval, so MESSAGE_SUMS comes (not for the
 * first COMMIT), and after a COMMIT MESSAGE_ADOPTED.
 */

enum control_type {
	CONTROL_TICK = 1, /* an interval ends */
	CONTROL_STOP,     /* all flows end, then the parser does */
	/* What is to be in force, from BEGIN to COMMIT. With `basis` false, what was in force but for the
	 * sets stays: then there are only LAYERs. */
	CONTROL_BEGIN,
	CONTROL_TRUST,         /* file: the text */
	CONTROL_DOMESTIC,      /* file: the text */
	CONTROL_AUTHORIZATION, /* file: the payload */
	CONTROL_LAYER,         /* file: of set number `set`, base first */
	CONTROL_COMMIT,
	CONTROL_TYPES,
};

struct control {
	uint32_t type;
	uint32_t generation; /* BEGIN */
	uint32_t set;        /* LAYER */
	bool basis;          /* BEGIN */
	bool authorised;     /* BEGIN */
	struct uuid edge;    /* BEGIN */
	int64_t stops_ns;    /* BEGIN: from then on nothing is authorised any more, whoever may still live */
	uint8_t secret[PSEUDONYM_SECRET_SIZE]; /* BEGIN */
};

/** @param fd  goes with it and stays the caller's; -1: none. @return HN_EIO */
HN_MUST_USE int control_send(int socket, const struct control *c, int fd);

/** @param fd_out  the caller's; -1: none came. @return HN_ENOENT: the other end is gone; HN_EFORMAT, HN_EIO
 */
HN_MUST_USE int control_receive(int socket, struct control *out, int *fd_out);

#endif
