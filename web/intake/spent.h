/* Which pages were left, and which steps behind a code were taken. A browser keeps what it sent, and sends it
 * again when somebody after this person presses Back and "Reload": what is in here is not answered again.
 * In memory only, the newest few thousand; each is known by a digest (receipt_id). Guards itself. */
#ifndef ENGABO_WEB_INTAKE_SPENT_H
#define ENGABO_WEB_INTAKE_SPENT_H

#include <stdbool.h>
#include <stdint.h>

#define SPENT_GRACE_MS 60000 /* a finger that presses twice, a connection that was lost; leaving ends it */
#define SPENT_MOST 8192

struct spent;
struct spent *spent_new(const void *context);
/* Whether this is the first time, or so soon after it that it is the same press; not once it was left. */
bool spent_take(struct spent *spent, int64_t id, int64_t now_ms);
/* From now on: never again. */
void spent_leave(struct spent *spent, int64_t id);
bool spent_is_left(struct spent *spent, int64_t id);

#endif
