/* What pages and exports ask of the case file: lists, newest or most pressing first, as JSON arrays of flat
 * objects. Every query runs on an index. `limit` rows after `offset`. Callers own the results. Hub names are
 * log ids here; web/ replaces them. */
#ifndef ENGABO_CASEWORK_LISTS_H
#define ENGABO_CASEWORK_LISTS_H

#include "node/casework/casefile.h"

/* What every list is made with, here and beside this file: all rows as objects, the values by their columns'
 * names; columns that begin with "is:" are booleans, with "list:" lists; NULL is left out. Finishes the
 * query.
 */
const struct error *lists_rows(struct query *query, json_t **out) MUST_CHECK;
/* Reports: state NULL or "new"; sorted by clock (danger first, then oldest):
 * {"key","what","danger","district","created","state","due", "hub","case_key"}. `due` is when its triage
 * clock runs out: emergency 24 h, urgent 72 h, normal 14 days. */
const struct error *lists_reports(
	struct casefile *file, const char *state, int limit, int offset, json_t **out) MUST_CHECK;
/* {"key","ref","alias","risk","state","district","officer","officer_hub","team","team_hub","updated","conflicts":n},
 * the most pressing first; `state` NULL: of all. Behind the case `after`, which the reader must see; NULL:
 * from the first. */
const struct error *lists_cases(
	struct casefile *file, const char *state, const char *after, int limit, json_t **out) MUST_CHECK;
/* {"key","what","who","due","state","case_key","ref","overdue":bool} of one case, open ones
 * first, by due date. */
const struct error *lists_actions(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out) MUST_CHECK;
const struct error *lists_followups(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out) MUST_CHECK;
/* The reports that became this case or were added to it, oldest first: {"key","created","how","hub"} */
const struct error *lists_case_reports(struct casefile *file, const char *case_key, json_t **out) MUST_CHECK;
/* The cases that repeat this one: {"key","ref","alias"} */
const struct error *lists_duplicates(struct casefile *file, const char *case_key, json_t **out) MUST_CHECK;
/* Closed cases whose day until which they are kept is over, oldest first: as lists_cases, and "retention" */
const struct error *lists_cases_past(
	struct casefile *file, const char *today, int limit, json_t **out) MUST_CHECK;
/* {"key","text","by","hub","at"} newest first */
const struct error *lists_notes(struct casefile *file, const char *case_key, json_t **out) MUST_CHECK;
/* Messages of one report, oldest first: {"key","from":"reporter"|"office","text","at","hub", and the fields
 * of its kind}; "after_closing":"yes"|"perhaps" where it may be from somebody else (closing.h). */
const struct error *lists_messages(struct casefile *file, const char *report_key, json_t **out) MUST_CHECK;
/* Entities in conflict: {"entity","key","case_key","ref","field","label"} */
const struct error *lists_conflicts(struct casefile *file, int limit, json_t **out) MUST_CHECK;
/* {"log","event","entity","key","reason","at"} for the coordinator */
const struct error *lists_oversteps(struct casefile *file, int limit, json_t **out) MUST_CHECK;
/* Whether the reporter wanted a report, or the case that was opened from it and has its key, to be opened by
 * headquarters alone: then nothing about it is sealed to the hub where it was written. */
const struct error *lists_is_for_headquarters(struct casefile *file, const char *key, bool *out) MUST_CHECK;
/* {"name","role","state","team"} */
const struct error *lists_users(struct casefile *file, json_t **out) MUST_CHECK;
/* The teams that active people of this hub belong to: [{"team"}]. */
const struct error *lists_teams(struct casefile *file, json_t **out) MUST_CHECK;
/* All records of a kind that belong to a case, oldest first, with every field by its name and "key",
 * "case_key", "created", "author", "conflicts". */
const struct error *lists_parts(
	struct casefile *file, const char *entity, const char *case_key, int limit, json_t **out) MUST_CHECK;
/* Offers of cases to `self` that wait for its answer, oldest first; with `is_ours` all that it made, newest
 * first:
 * {"key","case_key","hub","to","reason","state","ref","alias","risk","district","at","answer","why"}. */
const struct error *lists_transfers(
	struct casefile *file, const char *self, bool is_ours, int limit, json_t **out) MUST_CHECK;
/* The same of what `self` took over and has no record of yet, oldest first. */
const struct error *lists_transfers_awaited(
	struct casefile *file, const char *self, int limit, json_t **out) MUST_CHECK;
/* All offers of one case, newest first. */
const struct error *lists_transfers_of(struct casefile *file, const char *case_key, json_t **out) MUST_CHECK;
/* What earlier owners wrote about a case after it had left them, oldest first:
 * {"event":"<log>/<id>","hub","entity","key","line"}. */
const struct error *lists_late(
	struct casefile *file, const char *case_key, int limit, json_t **out) MUST_CHECK;
/* The entry in the directory of whoever signs in here as `user`: its key, on `context`; "" when there is
 * none. */
const struct error *lists_provider_of(
	const void *context, struct casefile *file, const char *user, const char **key) MUST_CHECK;
/* Whom something can be referred to: active entries of the directory by name, with every field by its name,
 * "key" and "home". Of each wish "" means any; `has_room`: not those that are full. */
struct lists_wish {
	const char *service, *district; /* codes */
	const char *language;		/* words */
	bool has_room;
};
const struct error *lists_helpers(
	struct casefile *file, const struct lists_wish *wish, int limit, json_t **out) MUST_CHECK;
/* The referrals of a case that were sent, newest first:
 * {"key","provider","provider_name","hub","service","urgency",
 * "state","sent_at","expires","consent","withdrawn_why","home","sender","override_by", "consent_withdrawn":
 * the day}; for referral_state.
 */
const struct error *lists_referred(
	struct casefile *file, const char *case_key, int limit, json_t **out) MUST_CHECK;
/* The referral that a one-time code with this verifier opens: its key, on `context`; "" when there is none.
 */
const struct error *lists_of_pass(
	const void *context, struct casefile *file, const char *pass, const char **key) MUST_CHECK;
/* Numbers for the head of the page: {"new_reports","urgent"} */
const struct error *lists_counts(struct casefile *file, json_t **out) MUST_CHECK;
/* FTS5 over reports, cases, actions, notes; newest first:
 * {"entity","key","case_key","ref","title","snippet"}. Where `limit` records have all words as they are
 * typed, those; else also those that have words which begin so, from three bytes on. What a person types is
 * never FTS syntax. */
const struct error *lists_search(
	struct casefile *file, const char *words, int limit, json_t **out) MUST_CHECK;
/* Everything of one entity type that the reader may see, all its fields, for export. */
const struct error *lists_export(struct casefile *file, const char *entity, json_t **out) MUST_CHECK;
/* A reference not used by another case of this hub (ids_reference, first attempt that is free). */
const struct error *lists_free_reference(
	struct casefile *file, const char *code, const char *key, char out[static REFERENCE_SIZE]) MUST_CHECK;

#endif
