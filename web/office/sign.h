/* Signing in, which opens a locked hub, and signing out. */
#ifndef ENGABO_WEB_OFFICE_SIGN_H
#define ENGABO_WEB_OFFICE_SIGN_H

#include "web/office/visit.h"

visit_page sign_in_form, sign_in, sign_out, sign_lock_form, sign_lock;

/* What a name and a passphrase open, on a thread with time for it: checks them, and unlocks the hub where it
 * is locked. Takes the mutex itself. ERROR_DENIED says what a person may know about it. */
const struct error *sign_check(
	struct reception *reception, const char *name, const struct secret *passphrase) MUST_CHECK;
/* Asks the role's loop to lock. */
void sign_ask_lock(struct reception *reception);

#endif
