/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_config.h"

#include <stdio.h>
#include <unistd.h>

#include "../check.h"
#include "base/utc.h"

static int read_text(const char *text, const char *interface, struct live_config *out)
{
	char path[] = "/tmp/hinomi-sensor-XXXXXX";
	struct fault fault = {0};
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	int rc = live_config_read(path, interface, out, &fault);
	(void)unlink(path);
	assert_true(rc == HN_OK || fault.message[0] != '\0');
	return rc;
}

static void defaults_are_safe(void **state)
{
	(void)state;
	struct live_config c;
	assert_int_equal(read_text("interface: eth0\nedge: /e\noutput: /o\n", NULL, &c), HN_OK);
	assert_string_equal(c.interface, "eth0");
	assert_string_equal(c.trust, "/e/trust.json");
	assert_string_equal(c.revocations, "/e/revocations.json");
	assert_string_equal(c.identity, "/e/identity");
	assert_string_equal(c.domestic, "/e/domestic.txt");
	assert_int_equal(c.interval_ns, 60 * NS_SECOND);
	assert_int_equal(c.threads, 1);
	assert_false(c.outgoing);
	live_config_clear(&c);
}

static void the_command_line_names_another_interface(void **state)
{
	(void)state;
	struct live_config c;
	assert_int_equal(read_text("replay: /c.pcap\nedge: /e\noutput: /o\n", "eth1", &c), HN_OK);
	assert_string_equal(c.interface, "eth1");
	assert_null(c.replay);
	live_config_clear(&c);
}

static void what_does_not_go_together_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"edge: /e\noutput: /o\n",
		"interface: eth0\nreplay: /c\nedge: /e\noutput: /o\n",
		"interface: eth0\nedge: /e\n",
		"interface: eth0\noutput: /o\n",
		"interface: eth0\ntrust: /t\noutput: /o\n",
		"interface: eth0\nedge: /e\noutput: /o\ninterval: 10ms\n",
		"interface: eth0\nedge: /e\noutput: /o\nthreads: 65\n",
		"replay: /c\nthreads: 2\nedge: /e\noutput: /o\n",
		"interface: a-name-that-is-too-long\nedge: /e\noutput: /o\n",
		"interface: eth0\nedge: /e\noutput: /o\nfilter: none\n",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct live_config c = {.threads = 77};
		assert_int_equal(read_text(texts[i], NULL, &c), HN_EFORMAT);
		assert_int_equal(c.threads, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_safe),
		cmocka_unit_test(the_command_line_names_another_interface),
		cmocka_unit_test(what_does_not_go_together_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
