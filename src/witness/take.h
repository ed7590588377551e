/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_TAKE_H
#define HINOMI_WITNESS_TAKE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/judge.h"
#include "witness/witness.h"

/* What becomes of one line that an edge sent. */
struct taking {
	struct witness *w;
	const struct channel_peer *peer;
	int64_t now_ns;
};

/**
 * In the transaction of its batch: keeps a line as it came, with what was found of it. What is wrong with a
 * line is an alarm and not an error; an error is ours (HN_EIO, HN_ENOSPC, HN_ENOMEM).
 */
HN_MUST_USE int take_receipt(struct taking *t, const char *line, size_t len);
HN_MUST_USE int take_checkpoint(struct taking *t, const char *line, size_t len);
HN_MUST_USE int take_health(struct taking *t, const char *line, size_t len);

/**
 * In a transaction: keeps what cannot be taken for what it should be (of each sender the last 1000), and
 * raises the alarm.
 *
 * @param who   the edge; "" for the hub
 * @param what  the stream by which it came, which is the alarm's subject
 */
HN_MUST_USE int take_refused(struct state *s, const char *who, const char *what, enum alarm_kind kind,
			     const struct finding *f, const char *line, size_t len);

#endif
