/* `engabo report`: a report that somebody at the desk passes in, as the form would, also while the hub is
 * locked. */
#ifndef ENGABO_WEB_INTAKE_DESK_H
#define ENGABO_WEB_INTAKE_DESK_H

#include "web/intake/intake.h"

/* The socket's handler (control_handler); `user` is the intake. Request {"do":"report","report":{fields}},
 * reply {"code","report"}. */
const struct error *desk_answer(void *user, const json_t *request, json_t *reply) MUST_CHECK;

#endif
