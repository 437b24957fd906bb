/* How a device of the office comes to trust this hub: /connect/staff and what belongs to it. */
#ifndef ENGABO_WEB_INTAKE_STAFF_H
#define ENGABO_WEB_INTAKE_STAFF_H

#include "web/server.h"

request_handler staff_show;	   /* /connect/staff: over plain http, so that the tick tells the truth */
request_handler staff_certificate; /* /connect/staff/ca.crt */
request_handler staff_tick;	   /* /connect/staff/tick.svg: seen only by a device that trusts this hub */
request_handler staff_check;	   /* /connect/staff/check: the same as a page */

#endif
