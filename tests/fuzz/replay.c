/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Runs a fuzz target once over each file of its corpus, and while the file is short over each of its prefixes
 * and with one bit turned in each byte, without a fuzzer. Every input lies in a block of its exact size, so a
 * sanitizer sees one byte too far.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/target.h"

#define INPUT_MAX  (4u << 20)
#define PREFIX_MAX 512u
#define FLIP_MAX   512u

static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return -1;
	uint8_t *data = malloc(INPUT_MAX);
	if (data == NULL)
		abort();
	size_t len = fread(data, 1, INPUT_MAX, file);
	(void)fclose(file);
	run_exact(data, len);
	for (size_t prefix = 0; prefix < len && prefix < PREFIX_MAX; prefix++)
		run_exact(data, prefix);
	for (size_t at = 0; at < len && at < FLIP_MAX; at++) {
		uint8_t bit = (uint8_t)(1u << at % 8);
		data[at] ^= bit;
		run_exact(data, len);
		data[at] ^= bit;
	}
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned ran = 0;
	for (int i = 1; i < argc; i++) {
		struct dirent **names;
		int n = scandir(argv[i], &names, NULL, alphasort);
		if (n < 0) {
			fprintf(stderr, "no corpus in %s\n", argv[i]);
			return 1;
		}
		for (int k = 0; k < n; k++) {
			char path[4096];
			struct stat st;
			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], names[k]->d_name);
			if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && run_file(path) == 0) {
				ran++;
				printf("ok %u - %s\n", ran, names[k]->d_name);
			}
			free(names[k]);
		}
		free(names);
	}
	if (ran == 0) {
		fprintf(stderr, "the corpus is empty\n");
		return 1;
	}
	printf("1..%u\n", ran);
	return 0;
}
