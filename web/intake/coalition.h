/* Who will be able to read what arrives here: the hub's own keys from trust.json, and the roster, checked by
 * this role itself from the coalition's root. Thread-safe.
 *
 * The branch is looked at when somebody asks, at most once a second. A newer version that holds is taken, and
 * `accepted` is told so that it is kept in intake.db. One that does not hold changes nothing: the last good
 * one serves on, as if the new one had never arrived, and health says so. Without any good one no report is
 * taken. */
#ifndef ENGABO_WEB_INTAKE_COALITION_H
#define ENGABO_WEB_INTAKE_COALITION_H

#include "node/base/home.h"
#include "node/base/json.h"
#include "node/roster/roster.h"

struct coalition;
/* Told of each newer version, on the thread that asked; must not ask back. */
typedef void coalition_accepted(void *user, int version);
/* `least`: the highest version accepted before. A roster that does not hold is an error in coalition_readers
 * and not here. On `context`. */
const struct error *coalition_open(const void *context, const struct home *home, int least,
	coalition_accepted *accepted, void *user, struct coalition **out) MUST_CHECK;

/* The hub itself; never changes. */
const struct member_keys *coalition_self(const struct coalition *coalition);

struct coalition_readers {
	bool is_alone; /* not in a coalition, or not admitted yet: sealed to this hub only */
	bool is_headquarters;
	enum sharing_policy sharing; /* SHARING_NONE when alone */
};
/* ERROR_DENIED: there is no roster that holds, or this hub was revoked: nothing may be taken. */
const struct error *coalition_readers(struct coalition *coalition, struct coalition_readers *out) MUST_CHECK;
/* As recipients_of. Ask coalition_readers first in the same request. */
const struct error *coalition_recipients(
	struct coalition *coalition, const json_t *to, struct age_recipient *out, size_t *count) MUST_CHECK;

/* Whether the roster on the branch is the one in use. */
const struct error *coalition_health(struct coalition *coalition) MUST_CHECK;

#endif
