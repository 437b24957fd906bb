/* What the office asks of sync: a row in its own database, since it may not call the role
 * (systemd/README.md). */
#ifndef ENGABO_SYNC_WISH_H
#define ENGABO_SYNC_WISH_H

#include "sync/hub.h"

/* In sync.db's meta: the last wish that was begun. */
#define WISH_BEGUN "wish"

/* The office's newest wish, if it was not begun yet: *stick is the folder of a stick that is plugged in, on
 * `context`; NULL when there is nothing to do. It counts as begun from here on: one that ends this process is
 * not tried again. */
const struct error *wish_next(const void *context, struct hub *hub, char **stick) MUST_CHECK;

#endif
