/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/organisation.h"

#include <string.h>

#include "base/encode.h"
#include "base/lang.h"
#include "match/canonical.h"
#include "store/form.h"
#include "store/organisation_parts.h"

/* Most elements of each list; the text's own limit holds besides. */
#define PARENTS_MAX     32
#define HOLDINGS_MAX    4096
#define MEMBERSHIPS_MAX 64
#define AGREEMENTS_MAX  64

/* Wider ones belong to nobody: a slip would make somebody the owner of a continent. */
#define PREFIX4_WIDEST 8
#define PREFIX6_WIDEST 16

#define MEMORY_MAX (4u << 20)

/* ---- holdings ---- */

static int word_of(const char *const *words, size_t count, const char *word, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return (int)i;
	return -1;
}

static int holding_kind_value(const char *word, size_t len)
{
	static const char *const words[] = {"prefix", "asn", "domain", "certificate"};
	return word_of(words, sizeof(words) / sizeof(words[0]), word, len);
}

static int holding_state_value(const char *word, size_t len)
{
	static const char *const words[] = {"claimed", "proved", "entered"};
	return word_of(words, sizeof(words) / sizeof(words[0]), word, len);
}

static int prefix_read(const struct form *f, const char *text, struct holding *out)
{
	if (ip_prefix_parse(text, strlen(text), &out->prefix) != HN_OK)
		return form_wrong(f, "value", "must be a prefix such as 192.0.2.0/24 with no bits behind it",
				  "は192.0.2.0/24のように余分なビットのないプレフィックスでなければならない");
	if (out->prefix.len < (out->prefix.addr.version == 4 ? PREFIX4_WIDEST : PREFIX6_WIDEST))
		return form_wrong(f, "value", "is too wide: /8 and /16 (IPv6) are the widest",
				  "は広すぎる（最大で/8、IPv6では/16）");
	return HN_OK;
}

static int asn_read(const struct form *f, const char *text, struct holding *out)
{
	uint64_t number = 0;
	size_t len = strlen(text);
	bool ok = len > 0 && len <= 10 && text[0] != '0';
	for (size_t i = 0; i < len && ok; i++) {
		ok = text[i] >= '0' && text[i] <= '9';
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (!ok || number > UINT32_MAX)
		return form_wrong(f, "value", "must be the number of an autonomous system, without \"AS\"",
				  "は「AS」を付けないAS番号でなければならない");
	out->asn = (uint32_t)number;
	return HN_OK;
}

static int domain_read(const struct form *f, const char *text, struct holding *out)
{
	struct canonical name;
	if (canonical_name(text, strlen(text), &name) != HN_OK || name.key.kind != ENTRY_NAME ||
	    canonical_labels(name.key.data, name.key.len) < 2)
		return form_wrong(f, "value", "must be a domain of two labels or more",
				  "は2ラベル以上のドメイン名でなければならない");
	uint8_t *copy = arena_alloc(f->arena, name.key.len);
	if (copy == NULL)
		return fault_set(f->fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	memcpy(copy, name.key.data, name.key.len);
	out->name = copy;
	out->name_len = name.key.len;
	return HN_OK;
}

static int certificate_read(const struct form *f, const char *text, struct holding *out)
{
	if (hex_decode(text, strlen(text), out->certificate, sizeof(out->certificate)) != HN_OK)
		return form_wrong(f, "value", "must be a certificate's SHA-256 in 64 hex digits",
				  "は16進64桁の証明書SHA-256でなければならない");
	return HN_OK;
}

static int holding_read(const struct form *f, void *item)
{
	static const char *const names[] = {"kind", "value", "state", "stated",
					    "from", "until", "note",  NULL};
	static int (*const readers[])(const struct form *, const char *, struct holding *) = {
		[HOLDING_PREFIX] = prefix_read,
		[HOLDING_ASN] = asn_read,
		[HOLDING_DOMAIN] = domain_read,
		[HOLDING_CERTIFICATE] = certificate_read,
	};
	struct holding *out = item;
	const char *value = NULL;
	const char *note = NULL;
	int kind = 0;
	int state = 0;
	int64_t stated = 0;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_word(f, "kind", true, holding_kind_value, &kind);
	if (err == HN_OK)
		err = form_word(f, "state", true, holding_state_value, &state);
	if (err == HN_OK)
		err = form_text(f, "value", true, 255, &value);
	if (err == HN_OK)
		err = form_text(f, "note", false, 1024, &note);
	if (err == HN_OK)
		err = form_time(f, "stated", &stated);
	if (err == HN_OK)
		err = form_period(f, &out->from_us, &out->until_us);
	if (err != HN_OK)
		return err;
	out->kind = (enum holding_kind)kind;
	out->state = (enum holding_state)state;
	return readers[kind](f, value, out);
}

/* ---- memberships and agreements ---- */

static int membership_read(const struct form *f, void *item)
{
	static const char *const names[] = {"group", "consent", "secrecy_duty", "contents",
					    "from",  "until",   "note",         NULL};
	struct membership *out = item;
	const char *note = NULL;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_uuid(f, "group", true, &out->group);
	if (err == HN_OK)
		err = form_time(f, "consent", &out->consent_us);
	if (err == HN_OK)
		err = json_get_bool(f->at, "secrecy_duty", false, &out->secrecy_duty, f->fault);
	if (err == HN_OK)
		err = form_words(f, "contents", false, content_value, &out->contents);
	if (err == HN_OK)
		err = form_text(f, "note", false, 1024, &note);
	return err == HN_OK ? form_period(f, &out->from_us, &out->until_us) : err;
}

static int agreement_read(const struct form *f, void *item)
{
	static const char *const names[] = {"partner", "tlp_max", "onward", "purposes", "contents",
					    "from",    "until",   "note",   NULL};
	struct agreement *out = item;
	const char *note = NULL;
	int tlp = TLP_GREEN;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_uuid(f, "partner", true, &out->partner);
	if (err == HN_OK)
		err = form_word(f, "tlp_max", true, tlp_value, &tlp);
	if (err == HN_OK)
		err = json_get_bool(f->at, "onward", false, &out->onward, f->fault);
	if (err == HN_OK)
		err = form_words(f, "purposes", false, purpose_value, &out->purposes);
	if (err == HN_OK)
		err = form_words(f, "contents", false, content_value, &out->contents);
	if (err == HN_OK)
		err = form_text(f, "note", false, 1024, &note);
	out->tlp_max = (enum tlp)tlp;
	return err == HN_OK ? form_period(f, &out->from_us, &out->until_us) : err;
}

static int lists_read(const struct form *f, struct organisation *out)
{
	void *list = NULL;
	int err = form_uuids(f, "parents", PARENTS_MAX, &out->parents, &out->parent_count);
	if (err == HN_OK)
		err = form_objects(f, "holdings", HOLDINGS_MAX, sizeof(struct holding), &list,
				   &out->holding_count, holding_read);
	out->holdings = list;
	list = NULL;
	if (err == HN_OK)
		err = form_objects(f, "memberships", MEMBERSHIPS_MAX, sizeof(struct membership), &list,
				   &out->membership_count, membership_read);
	out->memberships = list;
	list = NULL;
	if (err == HN_OK)
		err = form_objects(f, "agreements", AGREEMENTS_MAX, sizeof(struct agreement), &list,
				   &out->agreement_count, agreement_read);
	out->agreements = list;
	for (size_t i = 0; i < out->parent_count && err == HN_OK; i++)
		if (uuid_compare(&out->parents[i], &out->id) == 0)
			err = form_wrong(f, "parents", "must not name the organisation itself",
					 "に自組織を指定することはできない");
	return err;
}

/* ---- the whole ---- */

static int tree_read(const struct form *f, struct organisation *out)
{
	static const char *const names[] = {"id",          "kind",       "ended",    "names",
					    "sectors",     "parents",    "holdings", "contact_windows",
					    "memberships", "agreements", NULL};
	int kind = 0;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_word(f, "kind", true, org_kind_value, &kind);
	if (err == HN_OK)
		err = json_get_bool(f->at, "ended", false, &out->ended, f->fault);
	if (err == HN_OK)
		err = names_read(f, true);
	if (err == HN_OK)
		err = sectors_read(f);
	if (err == HN_OK)
		err = contact_windows_read(f);
	if (err == HN_OK)
		err = lists_read(f, out);
	out->kind = (enum org_kind)kind;
	return err;
}

static int write_card(const json_t *object, struct organisation *out)
{
	static const char *const names[] = {"id", "kind", "names", "parents", "sectors"};
	json_t *card = json_object();
	struct buf text;
	buf_init(&text, ORGANISATION_TEXT_MAX);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *member = json_object_get(object, names[i]);
		if (member != NULL)
			(void)json_object_set(card, names[i], member);
	}
	if (card != NULL)
		json_add(&text, card);
	int err = card == NULL ? HN_ENOMEM : buf_err(&text);
	if (err == HN_OK) {
		out->card = arena_text(out->memory, text.data, text.len);
		out->card_len = text.len;
		err = out->card == NULL ? HN_ENOMEM : HN_OK;
	}
	buf_clear(&text);
	json_decref(card);
	return err;
}

int organisation_read(const char *text, size_t len, const struct uuid *id, struct organisation *out,
		      struct fault *fault)
{
	struct organisation o = {.id = *id};
	json_t *object = NULL;
	int err = identified_read(text, len, ORGANISATION_TEXT_MAX, id, &object, fault);
	if (err != HN_OK)
		return err;
	o.memory = arena_new_small(MEMORY_MAX, 3 * len + 512);
	if (o.memory == NULL)
		err = fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	const struct form f = {.at = object, .arena = o.memory, .fault = fault};
	if (err == HN_OK)
		err = tree_read(&f, &o);
	if (err == HN_OK)
		err = canonical_text(&f, ORGANISATION_TEXT_MAX, &o.text, &o.text_len);
	if (err == HN_OK)
		err = write_card(object, &o);
	json_decref(object);
	if (err != HN_OK)
		organisation_clear(&o);
	else
		*out = o;
	return err;
}

void organisation_clear(struct organisation *o)
{
	arena_free(o->memory);
	memset(o, 0, sizeof(*o));
}
