/* What the programs of the system tests share: words in, one job done, what was wrong on standard error. */
#ifndef ENGABO_TEST_TOOL_H
#define ENGABO_TEST_TOOL_H

#include <stdio.h>

#include "node/base/memory.h"
#include "node/vault/secret.h"

typedef const struct error *tool_job(void *context, char **words);

/* For main: exit code 64 where the words are not `expected` many (with the program's name), 1 where the job
 * fails. */
static inline int tool_main(int count, char **words, int expected, tool_job *job)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;

	if (count != expected)
		return 64;
	secret_start();
	error = job(context, words);
	if (error)
		fprintf(stderr, "%s\n", error->message);
	return error ? 1 : 0;
}

#endif
