/* A request with a code in it, from the typed digits to the opened mailbox; shared by what can be done there:
 * look, write (messages.c), send a photo (photo.c), close it (closing.c). */
#ifndef ENGABO_WEB_INTAKE_MESSAGES_H
#define ENGABO_WEB_INTAKE_MESSAGES_H

#include "web/intake/inbox.h"
#include "web/intake/intake.h"

struct coming_back {
	struct intake_save save; /* first: the writer knows us by it */
	struct request *request;
	struct secret *code;
	struct composed composed;
	char ticket[TICKET_SIZE];
	struct bytes text;
	struct inbox inbox;
	const struct mailbox *mailbox; /* during `then` alone */
	/* With the mailbox open and not closed by its owner: makes the answer; or sets *waits, hands the
	 * visit on and touches it no more: the request is resumed by whoever has it then. Not on the server's
	 * thread. */
	const struct error *(*then)(struct coming_back *visit);
	bool *waits;
};

/* Suspends the request until its turn has come and its code is opened; answers at once where it cannot be
 * one. */
const struct error *messages_open(
	struct request *request, const struct error *(*then)(struct coming_back *visit)) MUST_CHECK;
/* A page that only holds the code that was sent, and asks for another press. */
const struct error *messages_hold(struct request *request, const char *page) MUST_CHECK;
/* A view gets its "once": what is sent with it is answered once. */
void messages_once(const struct request *request, json_t *view);
struct reporter messages_reporter(const struct coming_back *visit);
/* The page behind the code. `view` may already hold problems or a notice; taken over. */
const struct error *messages_inbox(struct coming_back *visit, json_t *view) MUST_CHECK;
/* The page that says that the mailbox was closed. */
const struct error *messages_closed(struct request *request) MUST_CHECK;
/* The page that says that it is saved. */
const struct error *messages_sent(struct request *request) MUST_CHECK;
/* Beside a composed message, where there may be one: that it was sent, for the reporter's own eyes. */
const struct error *messages_note_sent(struct coming_back *visit, const char *what) MUST_CHECK;
/* What a message may cost, as a page says it; NULL: it was counted and may go on. */
const struct error *messages_may_send(struct request *request) MUST_CHECK;
const char *messages_title(const struct request *request);

#endif
