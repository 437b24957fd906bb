/* A directory of its own for each test; *state is a talloc context that knows it. Included by the tests
 * alone. */
#ifndef ENGABO_TESTS_UNIT_PLACE_H
#define ENGABO_TESTS_UNIT_PLACE_H

#include <stdlib.h>
#include <unistd.h>

#include "node/base/memory.h"

#define PLACE_TEST(function) cmocka_unit_test_setup_teardown(function, place_make, place_remove)

static inline int place_make(void **state)
{
	char *path = memory_string(NULL, "/tmp/engabo-test-XXXXXX");

	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

static inline int place_remove(void **state)
{
	char *command = memory_format(*state, "rm -rf %s", (char *)*state);
	int status = system(command);

	memory_free(*state);
	return status;
}

static inline char *place_file(void *state, const char *name)
{
	return memory_format(state, "%s/%s", (char *)state, name);
}

#endif
