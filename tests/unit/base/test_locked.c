/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/locked.h"

#include <stdio.h>

#include "../check.h"

/* The VmFlags of the mapping that begins at address (proc(5), smaps): "dd" is kept out of dumps, "lo" locked.
 */
static bool has_flag(const void *address, const char *flag)
{
	char start[32], line[512];
	bool here = false, found = false;
	FILE *smaps = fopen("/proc/self/smaps", "r");
	if (smaps == NULL)
		skip();
	(void)snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)address);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (strstr(line, "VmFlags:") == line) {
			if (here)
				found = strstr(line, flag) != NULL;
			here = false;
		} else if (strncmp(line, start, strlen(start)) == 0) {
			here = true;
		}
	}
	(void)fclose(smaps);
	return found;
}

static void memory_is_zero_locked_and_not_dumped(void **state)
{
	(void)state;
	bool locked = false;
	const size_t size = 1 << 20;
	uint8_t *memory = locked_alloc(size, &locked);
	assert_non_null(memory);
	for (size_t i = 0; i < size; i += 4096)
		assert_int_equal(memory[i], 0);
	assert_true(has_flag(memory, " dd"));
	assert_int_equal(has_flag(memory, " lo"), locked);
	memset(memory, 0xa5, size);
	locked_wipe(memory, size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(memory[i], 0);
	locked_free(memory, size);
	locked_free(NULL, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_zero_locked_and_not_dumped)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
