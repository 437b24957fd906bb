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
	{GET, "/cases/*/transfer", transfer_form, GUARD_ACCESS, MAY_REFER},
	{TYPED, "/cases/*/transfer", transfer_offer, GUARD_ACCESS, MAY_REFER},
	{POST, "/cases/*/transfer/withdraw", transfer_withdraw, GUARD_ACCESS, MAY_REFER},
	{POST, "/cases/*/transfer/hand", transfer_hand, GUARD_ACCESS, MAY_REFER},
	{GET, "/cases/*/late", late_page, GUARD_ACCESS, MAY_WRITE_CASES},
	{POST, "/cases/*/late", late_decide, GUARD_ACCESS, MAY_WRITE_CASES},
	{GET, "/cases/*/sharing", sharing_form, GUARD_ACCESS, MAY_REFER},
	{TYPED, "/cases/*/sharing", sharing_save, GUARD_ACCESS, MAY_REFER},
	{GET, "/transfers", transfers_page, GUARD_ACCESS, MAY_REFER},
	{GET, "/transfers/*", transfer_page, GUARD_ACCESS, MAY_REFER},
	{TYPED, "/transfers/*", transfer_answer, GUARD_ACCESS, MAY_REFER},
	{POST, "/cases/*/people/*/show", part_person, GUARD_ACCESS, MAY_SEE_IDENTITY},
	{GET, "/cases/*/*/*", part_form, GUARD_ACCESS, MAY_WRITE_CASES},
	{TYPED, "/cases/*/*/*", part_save, GUARD_ACCESS, MAY_WRITE_CASES},
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
