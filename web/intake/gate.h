/* By which way the form is reached now (web/way.h, config->intake.form), and whether this request may see it.
 *
 * Over https the form is for everybody. Over plain http it is only where a workshop is open, for devices on
 * the hub's own Wi-Fi ([wifi] interface; where none is named: of a private network). Otherwise whoever wants
 * it is led on: to https, or on a counter's hub to the first page, which tells of the device at the desk.
 * So it is when the public certificate that staff chose cannot be shown: better no form than a warning.
 * What staff change is seen within a second, without a restart, and so are certificates that are renewed. */
#ifndef ENGABO_WEB_INTAKE_GATE_H
#define ENGABO_WEB_INTAKE_GATE_H

#include "node/vault/digest.h"
#include "web/server.h"

struct intake;

/* Where `path`, a page of the form, is for this request: NULL when it may be shown here, else the address to
 * go to. On the request's context. */
char *gate_elsewhere(const struct request *request, const char *path);
/* The form asks for no names now. */
bool gate_is_workshop(const struct request *request);
/* The form is for the device at the desk only, and this is not it. */
bool gate_is_closed(const struct request *request);

/* `path` by the name of the public certificate that is shown; NULL when there is none. */
char *gate_public(const struct request *request, const char *path);
/* Whether this is that name. */
bool gate_has_name(const struct request *request, const char *name);
/* Browsers may warn, on the way to `path`, a page of the form, that they do not know this hub. */
bool gate_warns(const struct request *request, const char *path);
/* SHA-256 of the hub's own certificate that `https` shows now. */
void gate_fingerprint(const struct request *request, uint8_t whole[static DIGEST_LEN]);

/* What the gate knows; guards itself. intake->home must be there, and its servers before gate_look. */
struct gate;
struct gate *gate_new(struct intake *intake);
/* NULL is fine. */
void gate_close(struct gate *gate);

/* For the role's loop: gate_notice once gate_fd is readable (-1: not now), gate_look once gate_due_ms on the
 * boot clock has come; INT64_MAX: there is nothing to wait for. */
int gate_fd(const struct gate *gate);
int64_t gate_due_ms(const struct gate *gate);
void gate_notice(struct gate *gate);
/* Looks whether settings, workshop or certificates have changed, and from now on watches for it. */
void gate_look(struct gate *gate);

#endif
