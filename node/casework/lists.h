/* What pages and exports ask of the case file: lists, newest or most pressing first, as JSON arrays of flat
 * objects. Every query runs on an index. `limit` rows after `offset`. Callers own the results. Hub names are
 * log ids here; web/ replaces them. */
#ifndef ENGABO_CASEWORK_LISTS_H
#define ENGABO_CASEWORK_LISTS_H

#include "node/casework/casefile.h"

/* Reports: state NULL or "new"; sorted by clock (danger first, then oldest):
 * {"key","what","danger","district","created","state","due", "hub","case_key"}. `due` is when its triage
 * clock runs out: emergency 24 h, urgent 72 h, normal 14 days. */
const struct error *lists_reports(
	struct casefile *file, const char *state, int limit, int offset, json_t **out) MUST_CHECK;
/* {"key","ref","alias","risk","state","district","officer","updated","conflicts":n} */
const struct error *lists_cases(
	struct casefile *file, const char *state, int limit, int offset, json_t **out) MUST_CHECK;
/* {"key","what","who","due","state","case_key","ref","overdue":bool}; open ones by due date; case NULL: of
 * all cases. */
const struct error *lists_actions(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out) MUST_CHECK;
const struct error *lists_followups(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out) MUST_CHECK;
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
/* {"name","role","state"} */
const struct error *lists_users(struct casefile *file, json_t **out) MUST_CHECK;
/* Numbers for the head of the page: {"new_reports","urgent","overdue","conflicts","open_cases"} */
const struct error *lists_counts(struct casefile *file, const char *today, json_t **out) MUST_CHECK;
/* FTS5 over reports, cases, actions, notes; newest first:
 * {"entity","key","case_key","ref","title","snippet"}. Words are prefixes; what a person types is never FTS
 * syntax. */
const struct error *lists_search(
	struct casefile *file, const char *words, int limit, json_t **out) MUST_CHECK;
/* Everything of one entity type, all its fields, for export. */
const struct error *lists_export(struct casefile *file, const char *entity, json_t **out) MUST_CHECK;
/* A reference not used by another case of this hub (ids_reference, first attempt that is free). */
const struct error *lists_free_reference(
	struct casefile *file, const char *code, const char *key, char out[static REFERENCE_SIZE]) MUST_CHECK;

#endif
