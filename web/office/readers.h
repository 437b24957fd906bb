/* Who reads what of a case or report: its owner, and headquarters in full, as a summary, or not at all. */
#ifndef ENGABO_WEB_OFFICE_READERS_H
#define ENGABO_WEB_OFFICE_READERS_H

#include "web/office/office.h"

struct readers {
	char owner[LOG_ID_SIZE];
	bool is_for_headquarters;    /* and for nobody else: the reporter wanted it so */
	enum sharing_policy sharing; /* what headquarters gets of the case: the coalition's policy, or more */
	enum sharing_policy of_reports; /* of reports and their messages: the coalition's policy */
};
/* `key`: of a case, or of a report with or without one. */
const struct error *readers_find(struct office *office, const char *key, struct readers *out) MUST_CHECK;
/* A hub that the roster does not hold yet works alone, whatever the roster says of others: NULL. */
const struct roster *readers_roster(const struct office *office);
/* Whether headquarters gets this field where it gets a summary: nothing that names or tells. */
bool readers_summary_has(const char *entity, const char *field);
/* "policy", "summary", "full" as a case's field says it. */
enum sharing_policy readers_wider(enum sharing_policy policy, const char *shared);

#endif
