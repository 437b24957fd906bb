/* The journal: see log.h. Used by every process. */
#include "node/base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char *role_name = "engabo";
static bool has_journal;

void log_start(const char *role)
{
	role_name = role;
	has_journal = getenv("JOURNAL_STREAM") != NULL;
}

static void line(int priority, const char *format, va_list args)
{
	char text[1024];
	size_t used = 0;

	if (has_journal)
		used = (size_t)snprintf(text, sizeof text, "<%d>", priority);
	used += (size_t)snprintf(text + used, sizeof text - used, "%s: ", role_name);
	vsnprintf(text + used, sizeof text - used, format, args);
	fprintf(stderr, "%s\n", text); /* one write: stderr of three roles may be one pipe */
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(3, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(4, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(6, format, args);
	va_end(args);
}
