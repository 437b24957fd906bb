/* The directory of providers and the coalition's guiding principles: lists, and who still has to accept
 * these. */
#ifndef ENGABO_CASEWORK_DIRECTORY_H
#define ENGABO_CASEWORK_DIRECTORY_H

#include "node/casework/casefile.h"

struct directory_filter {
	const char *service, *district; /* codes; "" for any */
	const char *language;		/* a part of a word; "" for any */
	const char *capacity;		/* "" for any */
	const char *state;		/* "active", "paused" or "left" */
};
/* {"key","name","profession","organisation","services":[...],"districts":[...],"languages","capacity",
 * "vetted_by","vetted_on","state","home","conflicts"} by name. */
const struct error *directory_list(struct casefile *file, const struct directory_filter *filter, int limit,
	int offset, json_t **out) MUST_CHECK;
/* Whom a provider can propose: {"key","name","profession","organisation"}, active ones but `without`. No safe
 * houses: where these are is not theirs to know. */
const struct error *directory_colleagues(
	struct casefile *file, const char *without, int limit, json_t **out) MUST_CHECK;

/* One entry as casefile_get gives it, with all that it said of agency, profession and organisation before:
 * "was":{"agency":[...],"profession":[...],"organisation":[...]}, newest first, each once. For the guard. */
const struct error *directory_entry(struct casefile *file, const char *key, json_t **out) MUST_CHECK;

/* The versions of the principles, newest first: {"key","version","text","home","created"}. */
const struct error *directory_principles(struct casefile *file, json_t **out) MUST_CHECK;
/* Whether this entry's principles are accepted: the newest version, and not longer than a year ago. */
bool directory_has_agreed(const json_t *provider, int64_t version, const char *today);

#endif
