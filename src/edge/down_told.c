/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What could not be done, in the log and in health: once for what stays so, and not endlessly. */
#include "edge/down_inside.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"

#define COMPLAINT_NS (60 * NS_SECOND)
#define COMPLAINTS   20 /* lines in that time: a hub that means harm must not fill the log */

/* Once for what stays so, and not endlessly for what differs. */
static bool is_worth_a_line(struct down *d, const struct fault *fault)
{
	int64_t now_ns = utc_now_ns();
	bool same = strcmp(d->trouble.message, fault->message) == 0 &&
		    strcmp(d->trouble.place, fault->place) == 0;
	d->trouble = *fault;
	if (now_ns - d->complaint_ns >= COMPLAINT_NS || now_ns < d->complaint_ns) {
		d->complaint_ns = now_ns;
		d->complaints = 0;
	}
	return !same && d->complaints++ < COMPLAINTS;
}

void held_trouble(const struct held *h, const char *message)
{
	struct fault fault;
	char place[UUID_TEXT_SIZE + 32];
	(void)snprintf(place, sizeof(place), "%s %s", head_kind_name(h->kind), h->id);
	(void)fault_set(&fault, HN_EIO, place, "%s", message);
	if (is_worth_a_line(h->down, &fault))
		log_line(LOG_LEVEL_ERROR,
			 tr("%s: %s; what was in force stays", "%s: %s。従来のものを維持する"), place,
			 message);
}

void held_tell(const struct held *h, int err, const struct client_result *r)
{
	bool said = r != NULL && r->fault.message[0] != '\0';
	held_trouble(h, said ? r->fault.message : hn_strerror(err));
}

void down_not_taken(struct down *d, int err, struct fault *fault)
{
	if (fault->message[0] == '\0')
		(void)fault_set(fault, err, "", "%s", hn_strerror(err));
	if (is_worth_a_line(d, fault))
		log_line(LOG_LEVEL_ERROR,
			 tr("a head from the hub is not taken: %s", "ハブの先頭を受け取らない: %s"),
			 fault->message);
}

void down_away(struct down *d, const struct client_result *r)
{
	struct fault fault = r->fault;
	if (fault.message[0] == '\0')
		(void)fault_set(&fault, r->err, "", "%s", hn_strerror(r->err));
	if (is_worth_a_line(d, &fault))
		log_line(LOG_LEVEL_WARNING, tr("the hub does not answer: %s", "ハブが応答しない: %s"),
			 fault.message);
}
