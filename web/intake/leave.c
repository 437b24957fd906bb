/* "Leave this page": the page that says nothing, and what makes those before it answer no more. A page that
 * was shown without anything being sent has a plain link here. One that answers something sent says here what
 * it was, by its token or its receipt's ticket: then neither Back nor "Reload" brings it again, and a
 * receipt's code is gone from the card.
 *
 * Invariant: whatever goes wrong, the page that says nothing comes. Runs in intake. */
#include "web/intake/intake.h"

#include "node/base/log.h"

/* The page that says nothing. */
static const struct error *show(struct request *request)
{
	request_add_header(request, "Clear-Site-Data", "\"cache\", \"storage\"");
	intake_return(request, INTAKE_DESK_SECONDS);
	return page_show(request, "intake-leave", json_pack("{s:s}", "title", say(request, "Page")));
}

const struct error *leave_show(struct request *request)
{
	return show(request);
}

struct leaving {
	struct request *request;
	int64_t id;
};

static const struct error *hide_work(struct db *db, void *job)
{
	const struct leaving *leaving = job;

	return receipts_hide(db, intake_of(leaving->request)->seen, leaving->id);
}

static void hide_done(void *job, const struct error *error)
{
	struct leaving *leaving = job;

	if (error)
		log_warning("a receipt's code stays for its ten minutes: %s", error->message);
	server_resume(leaving->request, NULL);
}

const struct error *leave_press(struct request *request)
{
	struct intake *intake = intake_of(request);
	const char *left = form_get(request->form, "left");
	char ticket[TICKET_SIZE];
	struct leaving *leaving;

	TRY(show(request));
	if (!left || (!token_is_whole(left) && !token_is_ticket(left)))
		return NULL;
	if (token_is_whole(left)) {
		token_ticket(ticket, left);
		left = ticket;
	}
	leaving = memory_new(request->context, struct leaving);
	*leaving = (struct leaving){request, receipt_id(left)};
	spent_leave(intake->spent, leaving->id);
	if (!seen_find(intake->seen, leaving->id, NULL))
		return NULL;
	server_suspend(request);
	group_submit(intake->group, hide_work, hide_done, leaving);
	return NULL;
}
