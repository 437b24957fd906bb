/* Which address leads to which page, who may go there: the one place. To add a page, add its rows here, its
 * function in the file of its group (pages.h) and its template in web/templates/office-*.html. */
#include "web/office/pages.h"
#include "web/office/sign.h"

#define GET METHOD_GET
#define POST METHOD_POST
#define TYPED (METHOD_POST | PAGE_TYPED)

const struct office_page office_pages[] = {
	{GET, "/login", sign_in_form, GUARD_NONE, 0},
	{POST, "/login", sign_in, GUARD_NONE, 0},
	{POST, "/logout", sign_out, GUARD_PERSON, 0},
	{GET, "/lock", sign_lock_form, GUARD_ACCESS, MAY_UNLOCK},
	{POST, "/lock", sign_lock, GUARD_ACCESS, MAY_UNLOCK},
	{GET, "/", today_page, GUARD_PERSON, 0},
	{GET, "/reports", reports_page, GUARD_ACCESS, MAY_READ_REPORTS},
	{GET, "/reports/new", record_form, GUARD_ACCESS, MAY_READ_REPORTS},
	{TYPED, "/reports/new", record_save, GUARD_ACCESS, MAY_READ_REPORTS},
	{GET, "/reports/*", report_page, GUARD_ACCESS, MAY_READ_REPORTS},
	{TYPED, "/reports/*/close", report_close, GUARD_ACCESS, MAY_READ_REPORTS},
	{TYPED, "/reports/*/answer", report_answer, GUARD_ACCESS, MAY_READ_REPORTS},
	{GET, "/reports/*/photo/*", talk_photo, GUARD_ACCESS, MAY_READ_REPORTS},
	{GET, "/reports/*/case", open_form, GUARD_ACCESS, MAY_WRITE_CASES},
	{TYPED, "/reports/*/case", open_save, GUARD_ACCESS, MAY_WRITE_CASES},
	{GET, "/cases", cases_page, GUARD_ACCESS, MAY_READ_CASES},
	{GET, "/cases/*", case_page, GUARD_ACCESS, MAY_READ_CASES},
	{GET, "/cases/*/edit", case_edit, GUARD_ACCESS, MAY_WRITE_CASES},
	{TYPED, "/cases/*/edit", case_save, GUARD_ACCESS, MAY_WRITE_CASES},
	{TYPED, "/cases/*/notes", case_note, GUARD_ACCESS, MAY_WRITE_CASES},
	{POST, "/cases/*/people/*/show", part_person, GUARD_ACCESS, MAY_SEE_IDENTITY},
	{GET, "/cases/*/*/*", part_form, GUARD_ACCESS, MAY_WRITE_CASES},
	{TYPED, "/cases/*/*/*", part_save, GUARD_ACCESS, MAY_WRITE_CASES},
	{GET, "/providers", providers_page, GUARD_ACCESS, MAY_READ_DIRECTORY},
	{GET, "/providers/new", provider_form, GUARD_ACCESS, MAY_WRITE_DIRECTORY},
	{TYPED, "/providers/new", provider_save, GUARD_ACCESS, MAY_WRITE_DIRECTORY},
	{GET, "/providers/*", provider_page, GUARD_PERSON, 0}, /* a provider their own */
	{GET, "/providers/*/edit", provider_form, GUARD_PERSON, 0},
	{TYPED, "/providers/*/edit", provider_save, GUARD_PERSON, 0},
	{GET, "/principles", principles_page, GUARD_PERSON, 0},
	{TYPED, "/principles", principles_accept, GUARD_PERSON, 0},
	{GET, "/principles/edit", principles_form, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{TYPED, "/principles/edit", principles_save, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{GET, "/referrals", referrals_page, GUARD_ACCESS, MAY_ANSWER_REFERRALS},
	{GET, "/referrals/*", referral_page, GUARD_ACCESS, MAY_ANSWER_REFERRALS},
	{GET, "/referrals/*/reply/*", reply_form, GUARD_ACCESS, MAY_ANSWER_REFERRALS},
	{TYPED, "/referrals/*/reply/*", reply_save, GUARD_ACCESS, MAY_ANSWER_REFERRALS},
	{GET, "/history/*/*", history_page, GUARD_ACCESS, MAY_READ_CASES},
	{TYPED, "/settle/*/*/*", settle_save, GUARD_ACCESS, MAY_SETTLE_CONFLICTS},
	{GET, "/search", search_page, GUARD_ACCESS, MAY_READ_CASES},
	{GET, "/users", users_page, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{GET, "/users/new", user_new_form, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{POST, "/users/new", user_new_save, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{GET, "/users/*", user_page, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{POST, "/users/*", user_save, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{GET, "/settings", settings_page, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{TYPED, "/settings", settings_save, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{TYPED, "/settings/workshop", settings_workshop, GUARD_ACCESS, MAY_MANAGE_PEOPLE},
	{GET, "/hubs", hubs_page, GUARD_ACCESS, MAY_SEE_SYNC},
	{0},
};
