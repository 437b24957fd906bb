/* Photos that somebody sends with their code: the state that all requests share. What becomes of one photo
 * lives with its request. */
#ifndef ENGABO_WEB_INTAKE_PHOTO_H
#define ENGABO_WEB_INTAKE_PHOTO_H

#include "web/server.h"

struct intake;
struct photos;
/* Clears what a killed process left in the folder `files`, and counts the day's budget from what lies there.
 * intake->quota must be there. On `intake`. */
const struct error *photos_start(struct intake *intake, struct photos **out) MUST_CHECK;
/* A token for one photo, for the page behind a code alone; NULL where none are taken. On the request's
 * context. */
char *photos_token(const struct request *request);
/* What to say of one that is too large. */
const char *photo_too_large(const struct request *request);
/* What to say of the one in this request where its code opens no page; NULL: there is none. */
const char *photo_trouble(const struct request *request);
/* For server_options. */
extern const struct server_upload photo_uploads[];

#endif
