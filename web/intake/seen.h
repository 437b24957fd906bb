/* Which tickets may have been sent: asked for each report before the database is. Almost every one is new,
 * and looking for it there would read anew what the last commit changed.
 *
 * A "no" is certain; a "perhaps" is what the database then decides. 64 KiB of bits, in which 20,000 receipts
 * make one new ticket in two hundred a "perhaps". Thread-safe. */
#ifndef ENGABO_WEB_INTAKE_SEEN_H
#define ENGABO_WEB_INTAKE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct seen;
/* On `context`. */
struct seen *seen_new(const void *context);
/* `id` is a receipt's (receipts.h). Before the commit that holds it. */
void seen_add(struct seen *seen, int64_t id);
bool seen_perhaps(const struct seen *seen, int64_t id);

#endif
