/* For the tests of the vault: random input that can be had again, files in a folder that goes away, and the stock tools as processes.
 *
 * SEED=<number> in the environment repeats a run; the seed is printed at its start. */
#ifndef ENGABO_TESTS_VAULT_TOOLS_H
#define ENGABO_TESTS_VAULT_TOOLS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "node/base/child.h"
#include "node/base/files.h"
#include "node/vault/secret.h"

struct tools {
	void *context; /* lives as long as one test program */
	char folder[32];
	uint64_t random;
};

static struct tools tools;

static inline int tools_start(void **state)
{
	const char *seed = getenv("SEED");

	secret_start();
	tools.context = memory_context(NULL);
	strcpy(tools.folder, "/tmp/engabo-test-XXXXXX");
	if (!mkdtemp(tools.folder))
		return -1;
	if (chdir(tools.folder) < 0)
		return -1;
	tools.random = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	printf("# SEED=%llu\n", (unsigned long long)tools.random);
	return 0;
}

/* splitmix64 */
static inline uint64_t tools_random(uint64_t below)
{
	uint64_t z = tools.random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static inline struct bytes tools_random_bytes(size_t len)
{
	uint8_t *data = memory_array(tools.context, uint8_t, len + 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)tools_random(256);
	return (struct bytes){data, len};
}

#define TEXT(text) ((struct bytes){(const uint8_t *)(text), strlen(text)})

static inline struct secret *tools_secret(const char *text)
{
	return secret_copy(text, strlen(text));
}

static inline char *tools_path(const char *name)
{
	return memory_format(tools.context, "%s/%s", tools.folder, name);
}

static inline char *tools_file(const char *name, struct bytes content)
{
	char *path = tools_path(name);

	assert_null(files_write(path, content, 0600));
	return path;
}

static inline struct bytes tools_read(const char *path)
{
	struct bytes content;

	assert_null(files_read(tools.context, path, 64 << 20, &content));
	return content;
}

/* Runs a stock program to its end; it must know no home and no agent of ours. */
static inline struct child_result tools_try(struct bytes input, const char *const argv[])
{
	const char *home = memory_format(tools.context, "HOME=%s", tools.folder);
	struct child child = {.argv = argv,
		.environment = (const char *const[]){home, NULL},
		.input = input,
		.deadline_ms = 60000,
		.output_max = 64 << 20};
	struct child_result result;
	const struct error *error = child_run(tools.context, &child, &result);

	if (error)
		fail_msg("%s: %s", argv[0], error->message);
	return result;
}
#define TOOLS_TRY(input, ...) tools_try(input, (const char *const[]){__VA_ARGS__, NULL})

static inline struct bytes tools_run(struct bytes input, const char *const argv[])
{
	struct child_result result = tools_try(input, argv);

	if (result.status != 0)
		fail_msg("%s: %s", argv[0], result.complaint);
	return result.output;
}
#define TOOLS_RUN(input, ...) tools_run(input, (const char *const[]){__VA_ARGS__, NULL})
#define NO_INPUT ((struct bytes){NULL, 0})

static inline int tools_end(void **state)
{
	if (chdir("/") < 0)
		return -1;
	TOOLS_RUN(NO_INPUT, "rm", "-rf", "--", tools.folder);
	memory_free(tools.context);
	return 0;
}

static inline void assert_bytes(struct bytes got, struct bytes wanted)
{
	assert_int_equal(got.len, wanted.len);
	if (wanted.len)
		assert_memory_equal(got.data, wanted.data, wanted.len);
}

static inline void assert_error(const struct error *error, enum error_code code)
{
	assert_non_null(error);
	if (error->code != code)
		fail_msg("error %d instead of %d: %s", error->code, code, error->message);
}

#endif
