/* The pages of the office, one file a group; routes.c tells which address leads to which. Each answers one
 * visit. */
#ifndef ENGABO_WEB_OFFICE_PAGES_H
#define ENGABO_WEB_OFFICE_PAGES_H

#include "web/office/visit.h"

visit_page today_page;				     /* today.c */
visit_page reports_page;			     /* reports.c */
visit_page report_page, report_close, report_answer; /* report.c */
visit_page talk_photo;				     /* talk.c */
visit_page record_form, record_save; /* record.c: a report taken by staff; a case from a report */
visit_page open_form, open_save;
visit_page cases_page;							   /* cases.c */
visit_page case_page, case_edit, case_save, case_note;			   /* case.c */
visit_page part_form, part_save, part_person;				   /* parts.c */
visit_page settle_save;							   /* settle.c */
visit_page history_page;						   /* history.c */
visit_page search_page;							   /* search.c */
visit_page users_page, user_new_form, user_new_save, user_page, user_save; /* users.c */
visit_page hubs_page;							   /* hubs.c */
visit_page transfers_page, transfer_form, transfer_offer, transfer_withdraw; /* transfer.c */
visit_page transfer_hand, transfer_page, transfer_answer;
visit_page late_page, late_decide;     /* late.c */
visit_page sharing_form, sharing_save; /* sharing.c */

visit_page settings_page, settings_save, settings_workshop; /* settings.c */

/* Shared between groups. */
/* [{"name","until","left","class"}]: every certificate of this hub in words; only those that are soon over or
 * cannot be read with `only_soon`. NULL when there is none. */
json_t *settings_certificates(struct visit *visit, bool only_soon);
/* The conflicts of a record and how to settle each, appended to "conflicts" of the view; `what` says which
 * record it is ("", "the action ..."). */
const struct error *settle_show(
	struct visit *visit, const char *entity, const json_t *record, const char *what) MUST_CHECK;
/* Case or report by its key or, for a case, its reference: the caller's. ERROR_NOT_FOUND. */
const struct error *case_find(struct visit *visit, const char *name, json_t **out) MUST_CHECK;
const struct error *report_find(struct visit *visit, const char *key, json_t **out) MUST_CHECK;
/* The office and the reporter (talk.c). Into the reporter's mailbox, in the same batch as the event: a new
 * state of the report; a text, or a question that asks for an answer. */
const struct error *talk_tell_state(struct batch *batch, const json_t *report, const char *state) MUST_CHECK;
const struct error *talk_say(
	struct batch *batch, const json_t *report, const char *text, bool is_question) MUST_CHECK;
/* Whether whoever holds the code has closed the mailbox. */
const struct error *talk_is_closed(struct visit *visit, const char *report, bool *out) MUST_CHECK;
/* What was said, for office-report: "messages", "has_mailbox", "is_mailbox_closed", "can_answer". */
const struct error *talk_show(struct visit *visit, const json_t *report) MUST_CHECK;
/* What earlier owners of a case wrote too late and nobody here has decided on (lists_late): the caller's. */
const struct error *late_waiting(struct visit *visit, const char *case_key, json_t **out) MUST_CHECK;
/* The beginning of a text, cut at a word. */
const char *reports_shortened(const void *context, const char *text);
/* {"reports":[...]} for the partial office-report-rows, or null when there are none; takes over `rows`. */
json_t *reports_table(struct visit *visit, json_t *rows);
/* The same for actions and follow-ups: {"tasks":[...]} for office-task-rows. `kind`: "actions" or
 * "followups". */
json_t *tasks_table(struct visit *visit, json_t *rows, const char *kind);

#endif
