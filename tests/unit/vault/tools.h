/* For the tests of the vault: random input that can be had again, files in a folder that goes away, and the
 * stock tools as processes.
 *
 * SEED=<number> in the environment repeats a run; the seed is printed at its start. */
#ifndef ENGABO_TESTS_VAULT_TOOLS_H
#define ENGABO_TESTS_VAULT_TOOLS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

struct tools_result {
	int status;	     /* exit status, or 128 + signal */
	struct bytes output; /* standard output */
	char *complaint;     /* standard error */
};

static inline void tools_redirect(const char *name, int flags, int to)
{
	int fd = open(tools_path(name), flags, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(126);
}

/* Runs a stock program to its end; it knows no home and no agent of ours. Not by child.h, which valgrind
 * cannot follow. */
static inline struct tools_result tools_try(struct bytes input, const char *const argv[])
{
	char *environment[] = {memory_format(tools.context, "HOME=%s", tools.folder), "LC_ALL=C.UTF-8", NULL};
	struct tools_result result;
	int status;
	pid_t child;

	tools_file("input", input);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		tools_redirect("input", O_RDONLY, STDIN_FILENO);
		tools_redirect("output", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
		tools_redirect("complaint", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
		execvpe(argv[0], (char **)argv, environment);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	result.output = tools_read(tools_path("output"));
	result.complaint = (char *)tools_read(tools_path("complaint")).data;
	return result;
}
#define TOOLS_TRY(input, ...) tools_try(input, (const char *const[]){__VA_ARGS__, NULL})

static inline struct bytes tools_run(struct bytes input, const char *const argv[])
{
	struct tools_result result = tools_try(input, argv);

	if (result.status != 0)
		fail_msg("%s: %s", argv[0], result.complaint);
	return result.output;
}
#define TOOLS_RUN(input, ...) tools_run(input, (const char *const[]){__VA_ARGS__, NULL})
#define NO_INPUT ((struct bytes){NULL, 0})

static inline int tools_remove(const char *path, const struct stat *about, int type, struct FTW *place)
{
	return remove(path);
}

static inline int tools_end(void **state)
{
	if (chdir("/") < 0)
		return -1;
	nftw(tools.folder, tools_remove, 16, FTW_DEPTH | FTW_PHYS);
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
