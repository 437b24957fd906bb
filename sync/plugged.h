/* Which sticks and disks are plugged in: what is mounted where this machine mounts what comes and goes. */
#ifndef ENGABO_SYNC_PLUGGED_H
#define ENGABO_SYNC_PLUGGED_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

struct plugged {
	char *place; /* the folder, in UTF-8 */
	bool is_read_only;
};

/* Those of this machine, as this process sees them, by their place; on `context`. At most 32. */
const struct error *plugged_read(const void *context, struct plugged **out, size_t *count) MUST_CHECK;
/* The same from the text of /proc/<pid>/mountinfo (proc(5)). */
void plugged_parse(const void *context, const char *mountinfo, struct plugged **out, size_t *count);

#endif
