/* Writes a calendar of whole days (RFC 5545): what a calendar on a phone or a laptop takes in. Pure. */
#ifndef ENGABO_WEB_OFFICE_ICS_H
#define ENGABO_WEB_OFFICE_ICS_H

#include "node/base/memory.h"

/* ics_begin, ics_event for each, ics_end; the bytes are the buffer's. */
struct buffer *ics_begin(const void *context);
/* `uid` names it for ever, so that a file loaded again moves it instead of doubling it. `day` is
 * "2026-11-23", or a month or year, which count from their first day; anything else is left out. `now`:
 * seconds of the wall clock. */
void ics_event(struct buffer *out, const char *uid, int64_t now, const char *day, const char *summary);
struct bytes ics_end(struct buffer *out);

#endif
