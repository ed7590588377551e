/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/input_digest.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "base/encode.h"
#include "base/file.h"

/* Captures of odd sizes; what is digested must be what another program makes of the same file (sha256sum,
 * where there is one) and of one call over all bytes. */

static struct input_digest *digest; /* one thread for all inputs, as in a program */
static struct capture_pool *pool;

/* A pcap of packets of a length, cut to `size` bytes; behind the header, whatever the size, some bytes. */
static uint8_t *capture_of(size_t size, uint32_t packet_len)
{
	static const uint8_t header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
					   0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0};
	uint8_t *bytes = malloc(size);
	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	memcpy(bytes, header, size < sizeof(header) ? size : sizeof(header));
	for (size_t at = sizeof(header); size - at >= 16 && at < size; at += 16 + packet_len) {
		const uint32_t record[4] = {1, 0, packet_len, packet_len};
		memcpy(bytes + at, record, sizeof(record));
		if (size - at - 16 < packet_len)
			break;
	}
	return bytes;
}

static int file_of(const uint8_t *bytes, size_t size, bool pipe_like)
{
	int ends[2];
	if (pipe_like) {
		assert_true(size <= 65536 && pipe(ends) == 0);
		assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
		(void)close(ends[1]);
		return ends[0];
	}
	int fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, size), HN_OK);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void digest_of(int fd, uint8_t out[SHA256_SIZE])
{
	struct capture *c = NULL;
	struct fault fault = {0};
	struct capture_batch batch;
	assert_int_equal(capture_open(fd, "capture", pool, &c, &fault), HN_OK);
	input_digest_begin(digest, c);
	do {
		assert_int_equal(capture_next(c, &batch), HN_OK);
		size_t count = batch.count;
		capture_release(&batch);
		batch.count = count;
	} while (batch.count > 0);
	input_digest_end(digest, out);
	capture_close(c);
}

static const size_t sizes[] = {24,     25,     39,      40,      41,      63,      64,          65,
			       127,    128,    129,     4095,    4097,    65535,   65537,       262143,
			       262144, 262145, 1048575, 1048576, 1048577, 2097151, 3145728 + 17};

static void is_that_of_the_whole_file(void **state)
{
	(void)state;
	static const uint32_t packets[] = {1, 60, 1500, 65535};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint8_t wanted[SHA256_SIZE], got[SHA256_SIZE] = {0};
		uint8_t *bytes = capture_of(sizes[i], packets[i % COUNT(packets)]);
		sha256(bytes, sizes[i], wanted);
		digest_of(file_of(bytes, sizes[i], false), got);
		assert_memory_equal(got, wanted, SHA256_SIZE);
		if (sizes[i] <= 65536) {
			digest_of(file_of(bytes, sizes[i], true), got);
			assert_memory_equal(got, wanted, SHA256_SIZE);
		}
		free(bytes);
	}
}

/* Damage ends the packets, not the digest: all that is stored counts. */
static void goes_on_behind_damage(void **state)
{
	(void)state;
	const size_t size = 300001;
	uint8_t wanted[SHA256_SIZE], got[SHA256_SIZE];
	uint8_t *bytes = capture_of(size, 100);
	memset(bytes + 1000, 0xff, 500);
	sha256(bytes, size, wanted);
	digest_of(file_of(bytes, size, false), got);
	assert_memory_equal(got, wanted, SHA256_SIZE);
	free(bytes);
}

/* What sha256sum says of a file, in hex. @return false where there is none */
static bool sha256sum_of(int fd, char out[2 * SHA256_SIZE])
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(fd, STDIN_FILENO);
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execlp("sha256sum", "sha256sum", (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	size_t got;
	assert_int_equal(fd_read_full(ends[0], out, 2 * SHA256_SIZE, &got), HN_OK);
	(void)close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && got == 2 * SHA256_SIZE;
}

static void is_what_sha256sum_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i += 5) {
		char told[2 * SHA256_SIZE], hex[SHA256_HEX_SIZE];
		uint8_t got[SHA256_SIZE];
		uint8_t *bytes = capture_of(sizes[i], 60);
		int fd = file_of(bytes, sizes[i], false);
		free(bytes);
		if (!sha256sum_of(fd, told)) {
			(void)close(fd);
			skip();
		}
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		digest_of(fd, got);
		hex_encode(got, SHA256_SIZE, hex);
		assert_memory_equal(told, hex, sizeof(told));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_that_of_the_whole_file),
		cmocka_unit_test(goes_on_behind_damage),
		cmocka_unit_test(is_what_sha256sum_says),
	};
	bool locked;
	if (input_digest_new(&digest, &locked) != HN_OK || input_digest_start(digest) != HN_OK ||
	    capture_pool_new(8, &pool, &locked) != HN_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
