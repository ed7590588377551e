/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/view.h"

#include <stdatomic.h>
#include <stdlib.h>

size_t view_labels(const struct view *view, int64_t *out)
{
	size_t count = 0;
	for (int64_t at = 0; at <= view->label_count; at += 64) {
		uint64_t word = view->bits[at / 64];
		for (; word != 0; word &= word - 1)
			out[count++] = at + __builtin_ctzll(word);
	}
	return count;
}

struct view *view_ref(struct view *view)
{
	(void)atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
	return view;
}

void view_unref(struct view *view)
{
	/* The bits stand behind the struct, in one block (labels.c). */
	if (view != NULL && atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) == 1)
		free(view);
}
