/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/files.h"

#include <sodium.h>
#include <sys/stat.h>

#include "base/file.h"
#include "bus/pki.h"
#include "tests/unit/bus/folder.h"

#define ID    "01940000-0000-4000-8000-000000000001"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define KEY   "\"head_key\":{\"kid\":\"x\",\"ed25519\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"
#define HUB                                                                                                  \
	"\"hub\":{\"host\":\"hub.example\",\"port\":8472,\"root\":\"" ZEROS "\",\"name\":\"main\"," KEY "}"
#define WHOLE "{\"edge\":\"" ID "\",\"kind\":\"sensor\"," HUB ",\"sensor\":\"/srv/out\"}"

static int open_text(const char *text, size_t len, struct edge_files *out, struct fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	assert_int_equal(file_write_whole(in_folder("edge.json"), text, len, 0600, true), HN_OK);
	int err = edge_files_open(folder, false, out, fault);
	if (err != HN_OK) {
		assert_true(fault->message[0] != '\0');
		edge_files_close(out);
	}
	return err;
}

static void what_was_enrolled_is_read(void **state)
{
	(void)state;
	struct edge_files f;
	struct fault fault;
	assert_int_equal(open_text(WHOLE, strlen(WHOLE), &f, &fault), HN_OK);
	assert_int_equal(f.kind, ENROL_SENSOR);
	assert_true(f.sides[SIDE_HUB].enrolled);
	assert_false(f.sides[SIDE_WITNESS].enrolled);
	assert_string_equal(f.sides[SIDE_HUB].host, "hub.example");
	assert_int_equal(f.sides[SIDE_HUB].port, 8472);
	assert_string_equal(f.sides[SIDE_HUB].name, "main");
	assert_string_equal(f.sensor, "/srv/out");
	assert_string_equal(f.events, "");
	edge_files_close(&f);
}

static void what_is_damaged_is_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"edge\":\"" ID "\"}",
		"{\"edge\":\"" ID "\",\"kind\":\"weather\"}",
		"{\"edge\":\"" ID "\",\"kind\":1}",
		"{\"edge\":\"x\",\"kind\":\"sensor\"}",
		"{\"edge\":\"" ID "\",\"kind\":\"sensor\",\"hub\":1}",
		"{\"edge\":\"" ID "\",\"kind\":\"sensor\",\"hub\":{}}",
		"{\"edge\":\"" ID "\",\"kind\":\"sensor\",\"sensor\":1}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":0,\"root\":\"" ZEROS "\"," KEY "}}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":65536,\"root\":\"" ZEROS "\"," KEY
		"}}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":1,\"root\":\"00\"," KEY "}}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":1,\"root\":\"" ZEROS "\"}}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":1,\"root\":\"" ZEROS
		"\",\"head_key\":{\"ed25519\":\"AA\"}}}",
		"{\"edge\":\"" ID
		"\",\"kind\":\"sensor\",\"hub\":{\"host\":\"h\",\"port\":1,\"root\":\"" ZEROS
		"\",\"head_key\":{\"ed25519\":\"?\"}}}",
	};
	struct edge_files f;
	struct fault fault;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (open_text(cases[i], strlen(cases[i]), &f, &fault) == HN_OK)
			fail_msg("taken: %s", cases[i]);
	for (size_t len = 0; len < strlen(WHOLE); len++)
		assert_int_not_equal(open_text(WHOLE, len, &f, &fault), HN_OK);
	char host[CODE_HOST_MAX + 300], text[2048];
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	(void)snprintf(text, sizeof(text),
		       "{\"edge\":\"" ID
		       "\",\"kind\":\"sensor\",\"hub\":{\"host\":\"%s\",\"port\":1,\"root\":\"" ZEROS
		       "\"," KEY "}}",
		       host);
	assert_int_not_equal(open_text(text, strlen(text), &f, &fault), HN_OK);
}

static void what_is_kept_comes_back(void **state)
{
	(void)state;
	struct edge_files f, again;
	struct fault fault;
	assert_int_equal(open_text(WHOLE, strlen(WHOLE), &f, &fault), HN_OK);
	f.kind = ENROL_RESOLVER;
	f.sides[SIDE_WITNESS] = f.sides[SIDE_HUB];
	(void)snprintf(f.sides[SIDE_WITNESS].host, sizeof(f.sides[SIDE_WITNESS].host), "2001:db8::1");
	(void)snprintf(f.sides[SIDE_WITNESS].name, sizeof(f.sides[SIDE_WITNESS].name),
		       "検査 \"\\\n</script>");
	memset(f.sides[SIDE_WITNESS].root, 0xa5, 32);
	(void)snprintf(f.events, sizeof(f.events), "/srv/a \"folder\"\\");
	(void)snprintf(f.control, sizeof(f.control), "/run/control");
	assert_int_equal(edge_files_save(&f, &fault), HN_OK);
	assert_int_equal(edge_files_open(folder, false, &again, &fault), HN_OK);
	assert_int_equal(again.kind, ENROL_RESOLVER);
	assert_memory_equal(&again.id, &f.id, sizeof(f.id));
	for (int i = 0; i < SIDE_COUNT; i++) {
		assert_true(again.sides[i].enrolled);
		assert_string_equal(again.sides[i].host, f.sides[i].host);
		assert_string_equal(again.sides[i].name, f.sides[i].name);
		assert_int_equal(again.sides[i].port, f.sides[i].port);
		assert_memory_equal(again.sides[i].root, f.sides[i].root, 32);
		assert_memory_equal(again.sides[i].head_key.ed25519, f.sides[i].head_key.ed25519, 32);
		assert_string_equal(again.sides[i].head_key.id, f.sides[i].head_key.id);
	}
	assert_string_equal(again.sensor, f.sensor);
	assert_string_equal(again.events, f.events);
	assert_string_equal(again.control, f.control);
	edge_files_close(&f);
	edge_files_close(&again);
	struct stat st;
	assert_int_equal(stat(in_folder("edge.json"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_folder_is_made_where_it_is_asked_for(void **state)
{
	(void)state;
	struct edge_files f;
	struct fault fault = {0};
	struct stat st;
	assert_int_equal(edge_files_open(in_folder("new"), false, &f, &fault), HN_ENOENT);
	edge_files_close(&f);
	assert_int_equal(edge_files_open(in_folder("new"), true, &f, &fault), HN_OK);
	assert_false(f.sides[SIDE_HUB].enrolled);
	edge_files_close(&f);
	assert_int_equal(stat(in_folder("new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* There, and not enrolled. */
	assert_int_equal(edge_files_open(in_folder("new"), false, &f, &fault), HN_ENOENT);
	edge_files_close(&f);
}

static void keys_are_kept_for_the_user_alone(void **state)
{
	(void)state;
	struct edge_files f;
	struct fault fault = {0};
	struct stat st;
	char *text = NULL;
	assert_int_equal(edge_files_open(in_folder("keys"), true, &f, &fault), HN_OK);
	assert_int_equal(edge_files_pem(&f, SIDE_HUB, "key.pem", &text, &fault), HN_ENOENT);
	assert_int_equal(edge_files_put_pem(&f, SIDE_HUB, "key.pem", "secret", &fault), HN_OK);
	assert_int_equal(edge_files_put_pem(&f, SIDE_HUB, "key.pem", "another", &fault), HN_OK);
	assert_int_equal(edge_files_pem(&f, SIDE_HUB, "key.pem", &text, &fault), HN_OK);
	assert_string_equal(text, "another");
	sodium_free(text);
	assert_int_equal(stat(in_folder("keys/hub/key.pem"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(in_folder("keys/hub"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* A link is not followed. */
	assert_int_equal(symlink("key.pem", in_folder("keys/hub/certificate.pem")), 0);
	assert_int_not_equal(edge_files_pem(&f, SIDE_HUB, "certificate.pem", &text, &fault), HN_OK);
	edge_files_close(&f);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_enrolled_is_read),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(what_is_kept_comes_back),
		cmocka_unit_test(a_folder_is_made_where_it_is_asked_for),
		cmocka_unit_test(keys_are_kept_for_the_user_alone),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
