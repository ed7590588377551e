/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_DUE_H
#define HINOMI_WITNESS_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "witness/state.h"

/*
 * What ends unless somebody sees to it: the revocation list, without which sensors stop, and the
 * authorisations in force. Told in good time: on the page and by `status` always, in the log once each, and
 * where the list is about to end as an alarm.
 */
#define DUE_LIST_SOON_NS          (INT64_C(8) * 3600 * 1000000000)
#define DUE_LIST_ALARM_NS         (INT64_C(2) * 3600 * 1000000000)
#define DUE_AUTHORISATION_SOON_NS (INT64_C(14) * 86400 * 1000000000)

enum due_kind { DUE_LIST, DUE_AUTHORISATION };

struct due {
	enum due_kind kind;
	char id[UUID_TEXT_SIZE]; /* of the authorisation; "" of the list */
	int64_t until_ns;
	bool soon;
};

/**
 * In a transaction: gives the list, where there is one, and each authorisation that was signed here, has not
 * ended and is not revoked.
 */
HN_MUST_USE int due_each(struct state *s, int64_t now_ns, void (*one)(void *context, const struct due *due),
			 void *context);

/** For people: what it is, and its state, in the language of this thread. */
const char *due_title(const struct due *due);

/** In a transaction: logs what has become due since the last call, and raises the alarm of the list. */
HN_MUST_USE int due_tell(struct state *s, int64_t now_ns);

#endif
