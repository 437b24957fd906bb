/* Other programs as bounded children: no shell, an emptied environment, limits, a deadline after which they
 * are killed with their whole process group. git is the main one; nothing of ours trusts what a child says
 * without checking. */
#ifndef ENGABO_BASE_CHILD_H
#define ENGABO_BASE_CHILD_H

#include <stdint.h>

#include "node/base/error.h"
#include "node/base/memory.h"

struct child {
	const char *const *argv; /* argv[0] is looked up in the fixed path /usr/bin:/bin:/usr/sbin:/sbin */
	const char *const *environment; /* "NAME=value", NULL-ended; beside PATH and LC_ALL=C.UTF-8 nothing
					   else is set */
	struct bytes input;    /* written to standard input; {NULL, 0}: standard input is /dev/null */
	const char *directory; /* where it runs; NULL: where we are */
	int64_t deadline_ms;   /* from start to SIGKILL of the group */
	uint64_t memory_max;   /* RLIMIT_AS in bytes; 0: no limit */
	uint64_t file_max;     /* RLIMIT_FSIZE in bytes; 0: no limit */
	unsigned cpu_seconds;  /* RLIMIT_CPU; 0: no limit */
	const volatile int
		*stop; /* killed as at the deadline once this is not 0 (seen within 200 ms); NULL: never */
	size_t output_max; /* bytes kept of standard output; more is an error. Of standard error the last 4
			      KiB are kept */
};

struct child_result {
	int status;	     /* exit status, or 128 + signal */
	int timed_out;	     /* killed at the deadline, or because of `stop` */
	struct bytes output; /* standard output */
	char *complaint;     /* standard error, control characters replaced */
};

/* Runs to the end. An error only when the program could not be run or its output overflowed; a program that
 * fails is a result with status != 0. Results hang on `context`. */
const struct error *child_run(
	const void *context, const struct child *child, struct child_result *out) MUST_CHECK;

/* The same for output that need not be whole in memory: piece by piece, from one thread, which must live as
 * long as the child does. `output_max` counts nothing here. Free it with child_stop. */
struct child_stream;
const struct error *child_start(const struct child *child, struct child_stream **out) MUST_CHECK;
/* Waits until something came, the program has ended, or its deadline or `stop`. Bytes put into `out`; 0: the
 * end of its output, or it was killed. */
size_t child_read(struct child_stream *stream, uint8_t *out, size_t size);
/* Ends it with its group if it has not ended, frees. Its exit status, or 128 + signal; NULL is fine. */
int child_stop(struct child_stream *stream);

#endif
