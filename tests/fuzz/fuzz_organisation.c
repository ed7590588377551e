/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Organisations, groups, people and labels as anybody writes them: what is read reads again as it is written.
 */
#include <stdlib.h>
#include <string.h>

#include "store/label.h"
#include "store/organisation.h"
#include "store/person.h"
#include "tests/fuzz/target.h"

static const struct uuid id = {{1, 2, 3}};

static void same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len || memcmp(a, b, a_len) != 0)
		abort();
}

static void organisation_again(const char *text, size_t len)
{
	struct organisation one;
	struct organisation two;
	struct fault fault = {0};
	if (organisation_read(text, len, &id, &one, &fault) != HN_OK) {
		if (fault.message[0] == '\0')
			abort();
		return;
	}
	if (organisation_read(one.text, one.text_len, &id, &two, NULL) != HN_OK)
		abort();
	same(one.text, one.text_len, two.text, two.text_len);
	same(one.card, one.card_len, two.card, two.card_len);
	for (size_t i = 0; i < one.holding_count; i++)
		if (one.holdings[i].kind != two.holdings[i].kind || one.holdings[i].name_len > 254)
			abort();
	organisation_clear(&one);
	organisation_clear(&two);
}

static void person_again(const char *text, size_t len)
{
	struct person one;
	struct person two;
	if (person_read(text, len, &id, &one, NULL) != HN_OK)
		return;
	if (one.clearance > CLEARANCE_MAX || person_read(one.text, one.text_len, &id, &two, NULL) != HN_OK)
		abort();
	same(one.text, one.text_len, two.text, two.text_len);
	person_clear(&one);
	person_clear(&two);
}

static void group_again(const char *text, size_t len)
{
	struct group one;
	struct group two;
	if (group_read(text, len, &id, &one, NULL) != HN_OK)
		return;
	if (group_read(one.text, one.text_len, &id, &two, NULL) != HN_OK)
		abort();
	same(one.text, one.text_len, two.text, two.text_len);
	group_clear(&one);
	group_clear(&two);
}

static void label_again(const char *text, size_t len)
{
	struct label label;
	struct buf again;
	if (label_read(cur_of(text, len), &label) != HN_OK)
		return;
	buf_init(&again, LABEL_TEXT_MAX);
	label_write(&label, &again);
	same(text, len, again.data, again.len);
	buf_clear(&again);
	struct label both = label;
	if (label_join(&both, &label) != HN_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	organisation_again((const char *)data, len);
	person_again((const char *)data, len);
	group_again((const char *)data, len);
	label_again((const char *)data, len);
	return 0;
}
