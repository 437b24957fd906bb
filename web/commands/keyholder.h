/* A keyholder at the command line: their passphrase opens this hub's records in this process, for one
 * command.
 *
 * While the office role is down the command holds its lock and writes office.db; while it runs, what the
 * command writes is sealed here and handed over sealed, so that no passphrase and no record travels between
 * processes. */
#ifndef ENGABO_WEB_COMMANDS_KEYHOLDER_H
#define ENGABO_WEB_COMMANDS_KEYHOLDER_H

#include "web/commands/as.h"
#include "web/office/people.h"

struct keyholder {
	struct home *home;
	struct office *office;
	struct signed_in in; /* its vault is the office's */
	struct person person;
	struct reader reader; /* with their eyes the case file is read, once they are known */
	int lock;	      /* of the office role, -1 while that runs */
};
void keyholder_close(struct keyholder *holder); /* a zeroed one is fine */
static inline void keyholder_close_cleanup(struct keyholder *holder)
{
	keyholder_close(holder);
}
#define KEYHOLDER struct keyholder __attribute__((cleanup(keyholder_close_cleanup)))

/* Asks for the passphrase, opens the hub and checks that they may. ERROR_DENIED else. */
const struct error *keyholder_open(const void *context, const char *state, const struct as *as,
	enum access access, struct keyholder *out) MUST_CHECK;
struct batch *keyholder_batch(const void *context, const struct keyholder *holder);

#endif
