/* "Someone else may have my code": whoever holds the code closes the mailbox behind it, for good and at every
 * hub. This hub knows at once, by the item in its spool; the others when sync brings it. The office learns it
 * by a message, and that nobody will read an answer there (web/office/report.c).
 *
 * Invariant: only the code itself closes, by its own signature (inbox.c), and nothing opens again. Runs in
 * intake. */
#include "web/intake/messages.h"

static void closed(struct intake_save *save, const struct error *error)
{
	struct coming_back *visit = (struct coming_back *)save;

	server_resume(visit->request, error);
}

static const struct error *close_it(struct coming_back *visit)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const struct reporter reporter = messages_reporter(visit);

	TRY(intake_may_take(intake));
	TRY(compose_message(request->context, intake->coalition, &reporter,
		json_pack("{s:s}", "kind", "closed"), &visit->composed));
	TRY(compose_own_item(request->context, &reporter, "closed", json_object(), &visit->composed));
	TRY(messages_closed(request));
	visit->save = (struct intake_save){.composed = &visit->composed, .intake = intake, .done = closed};
	*visit->waits = true;
	intake_save(&visit->save);
	return NULL;
}

const struct error *messages_close(struct request *request)
{
	if (form_get(request->form, "sure"))
		return messages_open(request, close_it);
	return messages_hold(request, "intake-close");
}
