/* What is around every page of the office: its name, where this person can go and what waits there, the
 * languages, what was just done. */
#ifndef ENGABO_WEB_OFFICE_FRAME_H
#define ENGABO_WEB_OFFICE_FRAME_H

#include "web/office/visit.h"

/* The keys of templates/head.html and foot.html, into the view. */
void frame_add(struct visit *visit);

#endif
