/* What the commands of enrolment share: papers in and out, and the question whether six words agree. */
#ifndef ENGABO_WEB_COMMANDS_PAPER_H
#define ENGABO_WEB_COMMANDS_PAPER_H

#include "node/base/home.h"

#define PAPER_MAX 65536

/* To a new file, or to standard output when `file` is NULL or "-". */
const struct error *paper_write(const char *file, struct bytes text) MUST_CHECK;
/* A file, or standard input for "-". */
const struct error *paper_read(const void *context, const char *file, struct bytes *out) MUST_CHECK;
/* Whether the other side's words are these: `answer` (from --words), or asked on the terminal. ERROR_DENIED
 * when not. */
const struct error *paper_agree(const char *words, const char *answer) MUST_CHECK;
/* Ends running roles so that their keeper starts them with the new trust.json; those that do not run are left
 * alone. */
void paper_restart_roles(const struct home *home);

#endif
