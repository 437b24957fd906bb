/* Reports of people in danger that nobody has opened: what the office knows of them, for its pages and for
 * sync's watch (sync/urgent.h), which cannot read them. */
#ifndef ENGABO_WEB_OFFICE_URGENT_H
#define ENGABO_WEB_OFFICE_URGENT_H

#include "sync/urgent.h"
#include "web/office/visit.h"

/* Brings office.db's table `urgent` in step with the open case file; cheap when nothing changed. Call when
 * the case file has changed. */
const struct error *urgent_note(struct office *office) MUST_CHECK;
/* For the sign-in page: what waits, as far as can be known while the hub is locked. Never fails: what cannot
 * be read is quiet. */
void urgent_here(struct office *office, bool is_open, struct urgent_flag *out);
/* What is known of all that wait, read with the first of a list: begin with zeros. */
struct urgent_all {
	bool is_read;
	struct urgent_flag kept;
	struct urgent_office known;
};
/* How long an unopened report has waited, in seconds: from when it was written by its own hub's clock or from
 * when this hub first read it, whichever is earlier. A wrong clock then tells too early, never too late. */
int64_t urgent_waited(struct office *office, struct urgent_all *all, const char *key);
/* "It has waited for 40 minutes." in the reader's language. */
const char *urgent_words(const struct visit *visit, int64_t seconds);

#endif
