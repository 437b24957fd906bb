/* Which tickets have been sent, and the place of each one's receipt in the table: asked for each report
 * before the database is, since almost every one is new. In memory, so that the card needs no index of
 * receipts: at random places in a tree, each would cost it two pages.
 *
 * Thread-safe. A place whose transaction was undone stays until the ticket gets another: whoever reads the
 * row looks whether it is this ticket's. */
#ifndef ENGABO_WEB_INTAKE_SEEN_H
#define ENGABO_WEB_INTAKE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct seen;
/* On `context`. */
struct seen *seen_new(const void *context);
/* `id` is a receipt's (receipts.h). It is about to be added: until then it is there, at place 0. */
void seen_expect(struct seen *seen, int64_t id);
/* `place`: of its row, from 1. Before the commit that holds it. */
void seen_add(struct seen *seen, int64_t id, int64_t place);
/* False: nothing was sent with it. `place` may be NULL. */
bool seen_find(struct seen *seen, int64_t id, int64_t *place);
/* Rows up to here are gone. After the commit that has deleted them. */
void seen_forget(struct seen *seen, int64_t upto);

#endif
