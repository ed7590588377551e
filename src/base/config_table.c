/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>

#include "base/config_private.h"
#include "base/uuid.h"

void config_table_check(const struct config_key keys[])
{
	static const size_t sizes[] = {
		[CONFIG_TEXT] = sizeof(char *),
		[CONFIG_PATH] = sizeof(char *),
		[CONFIG_SIZE] = sizeof(uint64_t),
		[CONFIG_DURATION] = sizeof(int64_t),
		[CONFIG_BOOL] = sizeof(bool),
		[CONFIG_WORD] = sizeof(int),
		[CONFIG_WORDS] = sizeof(unsigned),
		[CONFIG_ADDRESS] = sizeof(struct ip),
		[CONFIG_ENDPOINT] = sizeof(struct endpoint),
		[CONFIG_PREFIX] = sizeof(struct ip_prefix),
		[CONFIG_UUID] = sizeof(struct uuid),
		[CONFIG_DIGEST] = sizeof(struct config_digest),
		[CONFIG_LIST] = sizeof(struct config_list),
		[CONFIG_LINE] = sizeof(unsigned),
	};
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		const struct config_key *row = &keys[i];
		assert(i < CONFIG_KEYS_MAX);
		if (row->kind == CONFIG_INTEGER)
			assert(row->size == 2 || row->size == 4 || row->size == 8);
		else if (row->kind == CONFIG_MAPPING)
			config_table_check(row->keys);
		else
			assert(row->size == sizes[row->kind]);
		assert((row->kind != CONFIG_WORD && row->kind != CONFIG_WORDS) || row->words != NULL);
		if (row->kind == CONFIG_LIST) {
			assert(row->item->kind != CONFIG_LIST && row->item->size > 0);
			if (row->item->kind == CONFIG_MAPPING)
				config_table_check(row->item->keys);
		}
	}
}
