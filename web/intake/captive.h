/* What phones ask by themselves when they join a Wi-Fi, and how they are brought to our page: a "captive
 * portal" that holds nobody. [intake] captive = no turns it off.
 *
 * A phone's question is answered by a redirect until somebody has been here with it, so that the phone offers
 * the page by itself. Then it is answered as if there were internet, so that the phone stays on this Wi-Fi:
 *
 *   Apple, Windows           once a page has been opened: the window stays, and "Done" appears in it
 *   Android, Firefox, GNOME  once "Stay on this Wi-Fi" was pressed: they close their window at the first such
 *                            answer, which would take the page away from whoever reads it
 *
 * That is a lie about the internet: for half an hour, apps on the phone believe they are online and are not.
 * The other choice is worse for somebody in fear: a phone that is told the truth leaves the Wi-Fi, or asks
 * the mobile network for our page, in the middle of the form. */
#ifndef ENGABO_WEB_INTAKE_CAPTIVE_H
#define ENGABO_WEB_INTAKE_CAPTIVE_H

#include "web/server.h"

struct captive;
struct captive *captive_new(const void *context);
void captive_stop(struct captive *captive);

/* For the guard: leads a phone that was looking for another place to our own first page, and remembers who
 * opens pages. The answer is made when request->status is no longer 200. */
void captive_guard(struct request *request);
/* In the window that a phone opens to sign in to a Wi-Fi, or that an app opens inside itself: it cannot go
 * past a certificate's warning, forgets, and closes when one looks elsewhere. */
bool captive_is_small_window(const struct request *request);

/* For what went wrong: true when a phone that asked for an address elsewhere is led to our page instead. */
bool captive_leads(struct request *request);

/* Handlers. */
request_handler captive_probe; /* every path that a phone asks for by itself */
request_handler captive_stay;  /* POST /connect/stay */

#endif
