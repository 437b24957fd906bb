/* How phones come here: the pages that tell it, the poster, and the codes on both. */
#ifndef ENGABO_WEB_INTAKE_CONNECT_H
#define ENGABO_WEB_INTAKE_CONNECT_H

#include "node/base/config.h"
#include "web/server.h"

/* ERROR_CONFIG when [intake] languages names one that there is not. */

request_handler connect_show;	   /* /connect */
request_handler poster_show;	   /* /connect/poster: one A4 page a language; with ?l= that one alone */
request_handler connect_wifi_code; /* /connect/wifi.svg */
request_handler connect_form_code; /* /connect/form.svg */
request_handler connect_browser;   /* for the small window in which a phone signs in to a Wi-Fi */
request_handler connect_stayed;	   /* what is left in it after "Stay on this Wi-Fi" */

#endif
