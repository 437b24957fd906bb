/* The ring of errors: see error.h. Every process and every thread uses it; it allocates nothing. */
#include "node/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#ifdef __clang_analyzer__ /* here they are made */
#undef error_new
#undef error_system
#undef error_wrap
#endif

#define RING_SIZE 16

static struct error *ring_next(void)
{
	static _Thread_local struct error ring[RING_SIZE];
	static _Thread_local unsigned next;

	return &ring[next++ % RING_SIZE];
}

static const struct error *finish(struct error *error, enum error_code code)
{
	error->code = code;
	for (char *c = error->message; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return error;
}

const struct error *error_new(enum error_code code, const char *format, ...)
{
	struct error *error = ring_next();
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	return finish(error, code);
}

static enum error_code code_of_errno(int value)
{
	switch (value) {
	case ENOSPC:
	case EDQUOT:
		return ERROR_FULL;
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERROR_DENIED;
	case EEXIST:
		return ERROR_EXISTS;
	default:
		return ERROR_SYSTEM;
	}
}

const struct error *error_system(int errno_value, const char *format, ...)
{
	struct error *error = ring_next();
	size_t used;
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	used = strlen(error->message);
	snprintf(error->message + used, sizeof error->message - used, ": %s", strerror(errno_value));
	return finish(error, code_of_errno(errno_value));
}

const struct error *error_wrap(const struct error *cause, const char *format, ...)
{
	struct error *error = ring_next();
	size_t used;
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	used = strlen(error->message);
	snprintf(error->message + used, sizeof error->message - used, ": %s", cause->message);
	return finish(error, cause->code);
}

int error_exit_status(const struct error *error)
{
	if (!error)
		return EX_OK;
	switch (error->code) {
	case ERROR_USAGE:
		return EX_USAGE;
	case ERROR_INVALID:
	case ERROR_CONFLICT:
		return EX_DATAERR;
	case ERROR_NOT_FOUND:
		return EX_NOINPUT;
	case ERROR_LOCKED:
	case ERROR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case ERROR_EXISTS:
		return EX_CANTCREAT;
	case ERROR_FULL:
	case ERROR_SYSTEM:
		return EX_IOERR;
	case ERROR_DENIED:
		return EX_NOPERM;
	case ERROR_CONFIG:
		return EX_CONFIG;
	}
	return EX_SOFTWARE;
}
