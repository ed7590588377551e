/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/due.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "witness/alarm.h"
#include "witness/application.h"
#include "witness/trusted.h"

struct looking {
	int64_t now_ns;
	const struct revocations *revoked;
	void (*one)(void *context, const struct due *due);
	void *context;
};

static int give_authorisation(void *context, const struct authorization *a)
{
	const struct looking *l = context;
	struct due due = {.kind = DUE_AUTHORISATION,
			  .until_ns = a->until_ns,
			  .soon = a->until_ns - l->now_ns < DUE_AUTHORISATION_SOON_NS};
	if (a->until_ns <= l->now_ns || revocations_has(l->revoked, &a->id))
		return HN_OK;
	(void)snprintf(due.id, sizeof(due.id), "%s", a->id_text);
	l->one(l->context, &due);
	return HN_OK;
}

int due_each(struct state *s, int64_t now_ns, void (*one)(void *context, const struct due *due),
	     void *context)
{
	struct revocations revoked = {0};
	struct looking l = {.now_ns = now_ns, .revoked = &revoked, .one = one, .context = context};
	int err = revoked_newest(s, &revoked);
	if (err == HN_OK) {
		const struct due due = {.kind = DUE_LIST,
					.until_ns = revoked.next_update_ns,
					.soon = revoked.next_update_ns - now_ns < DUE_LIST_SOON_NS};
		one(context, &due);
	}
	/* None yet, or signed by keys that a later trust file does not name: there is no date to tell. */
	if (err == HN_OK || err == HN_ENOENT || err == HN_EAUTH)
		err = application_each_signed(s, give_authorisation, &l);
	revocations_clear(&revoked);
	return err;
}

const char *due_title(const struct due *due)
{
	if (due->kind == DUE_LIST)
		return due->soon ? tr("the revocation list: renew it now, sensors stop when it ends",
				      "失効リスト: 直ちに更新すること。期限が過ぎるとセンサーは停止する")
				 : tr("the revocation list", "失効リスト");
	return due->soon ? tr("an authorisation: ends soon", "承認: まもなく終了する")
			 : tr("an authorisation", "承認");
}

/* ---- telling ---- */

struct telling {
	struct state *s;
	int64_t now_ns;
	size_t authorisations;
	struct due list; /* kept until it is known whether any sensor needs it */
	int err;
};

/* Once for each date: one that was put off is told again. */
static int log_once(struct state *s, const struct due *due)
{
	char name[64], until[UTC_SIZE];
	int64_t told = 0;
	(void)snprintf(name, sizeof(name), "due %s", due->id);
	int err = state_number(s, name, &told);
	if (err != HN_OK || told == due->until_ns)
		return err;
	utc_format(due->until_ns, until);
	log_line(LOG_LEVEL_WARNING, "%s %s: %s", due_title(due), due->id, until);
	return state_number_put(s, name, due->until_ns);
}

static void tell_one(void *context, const struct due *due)
{
	struct telling *t = context;
	if (due->kind == DUE_LIST)
		t->list = *due;
	t->authorisations += due->kind == DUE_AUTHORISATION;
	if (t->err == HN_OK && due->kind == DUE_AUTHORISATION && due->soon)
		t->err = log_once(t->s, due);
}

static int raise_list(const struct telling *t)
{
	char until[UTC_SIZE], en[128], ja[128];
	utc_format(t->list.until_ns, until);
	(void)snprintf(en, sizeof(en), "the revocation list is good until %s; sensors stop then", until);
	(void)snprintf(ja, sizeof(ja), "失効リストの期限は %s。過ぎるとセンサーは停止する", until);
	return alarm_raise(
		t->s,
		&(struct alarm){
			.kind = ALARM_DUE, .edge = "", .subject = until, .once = true, .en = en, .ja = ja});
}

int due_tell(struct state *s, int64_t now_ns)
{
	struct telling t = {.s = s, .now_ns = now_ns};
	int err = due_each(s, now_ns, tell_one, &t);
	if (err == HN_OK)
		err = t.err;
	/* Where nothing is authorised no sensor waits for a list. */
	if (err != HN_OK || t.authorisations == 0 || !t.list.soon)
		return err;
	err = log_once(s, &t.list);
	return err == HN_OK && t.list.until_ns - now_ns < DUE_LIST_ALARM_NS ? raise_list(&t) : err;
}
