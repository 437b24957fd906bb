/* The pages of the office, one file a group; routes.c tells which address leads to which. Each answers one
 * visit. */
#ifndef ENGABO_WEB_OFFICE_PAGES_H
#define ENGABO_WEB_OFFICE_PAGES_H

#include "node/casework/referral.h"
#include "web/office/visit.h"

visit_page today_page;				     /* today.c */
visit_page reports_page;			     /* reports.c */
visit_page report_page, report_close, report_answer; /* report.c */
visit_page talk_photo;				     /* talk.c */
visit_page record_form, record_save; /* record.c: a report taken by staff; a case from a report */
visit_page open_form, open_save;
visit_page cases_page;							     /* cases.c */
visit_page case_page, case_edit, case_save, case_note;			     /* case.c */
visit_page part_form, part_save, part_person;				     /* parts.c */
visit_page attach_form, attach_save, attach_download;			     /* attach.c */
visit_page takeout_form, takeout_save;					     /* takeout.c */
visit_page case_print;							     /* sheet.c */
visit_page practice_page, practice_change;				     /* practice.c */
visit_page help_page, guide_page, start_page;				     /* help.c */
visit_page settle_save;							     /* settle.c */
visit_page history_page;						     /* history.c */
visit_page search_page;							     /* search.c */
visit_page users_page, user_new_form, user_new_save, user_page, user_save;   /* users.c */
visit_page hubs_page;							     /* hubs.c */
visit_page sync_page, sync_ask;						     /* sync.c */
visit_page transfers_page, transfer_form, transfer_offer, transfer_withdraw; /* transfer.c */
visit_page transfer_hand, transfer_page, transfer_answer;
visit_page late_page, late_decide;     /* late.c */
visit_page sharing_form, sharing_save; /* sharing.c */

visit_page audit_page; /* audit.c */

visit_page refer_page, refer_form, refer_save;		 /* refer.c, refer_form.c: sending a referral */
visit_page slip_page, slip_print;			 /* slip.c */
visit_page withdraw_form, withdraw_save;		 /* withdraw.c */
visit_page code_form, code_open, code_page, code_answer; /* code.c: by the one-time code of a slip */
visit_page providers_page, provider_page, provider_form, provider_save;		 /* providers.c */
visit_page principles_page, principles_accept, principles_form, principles_save; /* principles.c */
visit_page vocabulary_page, vocabulary_list, vocabulary_form, vocabulary_save;	 /* vocabulary.c */
visit_page referrals_page,
	referrals_today;	   /* referrals.c; the second is Today of who does not work on cases */
visit_page referral_page;	   /* referral.c */
visit_page reply_form, reply_save; /* reply.c */

visit_page settings_page, settings_save, settings_workshop; /* settings.c */

visit_page state_begin, state_close_form, state_close; /* state.c */
visit_page state_reopen_form, state_reopen, state_duplicate_form, state_duplicate;
visit_page report_add;		     /* report.c */
visit_page assess_form, assess_save; /* assess.c */
visit_page missed_form, missed_save; /* missed.c */
visit_page calendar_page;	     /* calendar.c */

/* Shared between groups. */
/* [{"name","until","left","class"}]: every certificate of this hub in words; only those that are soon over or
 * cannot be read with `only_soon`. NULL when there is none. */
json_t *settings_certificates(struct visit *visit, bool only_soon);
/* The conflicts of a record and how to settle each, appended to "conflicts" of the view; `what` says which
 * record it is ("", "the action ..."). */
const struct error *settle_show(
	struct visit *visit, const char *entity, const json_t *record, const char *what) MUST_CHECK;
/* A case's reference, alias, summary, risk, state, "facts" and hub, for a page that shows it. */
void case_facts(struct visit *visit, const json_t *record);
/* "GUL-7K2QX Heron" above the heading of a page about a case. */
void case_caption(struct visit *visit, const json_t *record);
/* The values between which hubs do not agree, for a list: [{"text","who"}], long ones cut short. An empty
 * list for a record that is shown only for a reason. */
const struct error *settle_values(
	struct visit *visit, const char *entity, const char *key, const char *field, json_t **out) MUST_CHECK;
/* Case or report by its key or, for a case, its reference: the caller's. ERROR_NOT_FOUND. */
const struct error *case_find(struct visit *visit, const char *name, json_t **out) MUST_CHECK;
/* Its key by its reference, whether or not they may see it: to be asked for then. */
const struct error *case_key_of(struct visit *visit, const char *ref, const char **key) MUST_CHECK;
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
/* Whether a provider asks who still has to accept the principles, before they open a referral. */
const struct error *principles_are_due(struct visit *visit, bool *out) MUST_CHECK;
/* The referral in the address as whoever asks may see it, with its replies and what became of it. */
struct referral_seen {
	json_t *record, *replies;
	struct referral_state state;
	bool is_sender; /* staff of the hub that speaks as its sender */
	bool is_party;	/* of that one, or of the provider's; else it went with its case, or is yet to come */
	bool is_provider; /* the provider it was sent to */
};
void referral_seen_free(struct referral_seen *seen);
const struct error *referral_see(struct visit *visit, struct referral_seen *out) MUST_CHECK;
/* Instead of a referral, while principles_are_due: these, and then back. */
const struct error *referral_ask_principles(struct visit *visit) MUST_CHECK;
/* The same for the actions or follow-ups of a case: {"tasks":[...]}. `kind`: "actions" or "followups". */
json_t *tasks_table(struct visit *visit, json_t *rows, const char *kind);
/* The same for what is owed (owed.h), for office-task-rows. */
json_t *tasks_owed(struct visit *visit, json_t *rows);
/* What a row of what is owed is, in words and without any of the case's: "follow-up". */
const char *tasks_kind(const struct visit *visit, const json_t *row);

#endif
