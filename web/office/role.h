/* The office role: the staff's pages over https, and the only process that holds readable records. Locked at
 * start. */
#ifndef ENGABO_WEB_OFFICE_ROLE_H
#define ENGABO_WEB_OFFICE_ROLE_H

#include "node/base/home.h"

/* Runs until *stop (set by a signal handler; a signal interrupts poll), or until the hub is locked: then the
 * snapshot is written, the secrets are wiped and it returns NULL, so that its keeper starts it again, locked.
 * Takes run/office.lock. */
const struct error *office_run(struct home *home, const volatile int *stop) MUST_CHECK;

#endif
