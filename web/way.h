/* How the public reaches the form now: what the coordinator chose on the page /settings
 * (config->intake.form), or a workshop that staff opened for some hours.
 *
 * An open workshop is the file run/workshop, "<boot> <opened> <until>\n": which start of the machine it was,
 * as 32 hexadecimal digits, and milliseconds on its clock, so that no clock that is set can hold it open and
 * no restart of the machine opens it again; intake removes one from before. The kernel's boot_id names the
 * start, or WAY_BOOT in the environment where the sandbox hides that (systemd's %b is the same). Written by
 * office, read by intake. */
#ifndef ENGABO_WEB_WAY_H
#define ENGABO_WEB_WAY_H

#include <stdbool.h>

#include "node/base/home.h"

#define WAY_WORKSHOP_HOURS_MAX 12
#define WAY_FILE "run/workshop"
#define WAY_BOOT "ENGABO_BOOT"

/* Opens one from now on; one that is open gets this end instead. */
const struct error *way_open_workshop(const struct home *home, int hours) MUST_CHECK;
/* One that is not open is fine. */
const struct error *way_close_workshop(const struct home *home) MUST_CHECK;
/* Until when, on the boot clock; 0 when none is open. */
int64_t way_workshop_until_ms(const struct home *home);
/* Whether a workshop is open at this moment. */
bool way_is_workshop(const struct home *home);
/* When intake starts: removes what is over, and what the boot clock says cannot have happened yet. */
void way_tidy(const struct home *home);

#endif
