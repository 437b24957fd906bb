/* Papers of enrolment: the invite and the join request (formats.md, "Enrolment"). Pure.
 *
 * Invite, a text file: {"v":1,"engabo":"invite","coalition":ulid,"root":hex,"headquarters":["age1...",
 * ...],"relays":[url, ...]} Request: {"v":1,"engabo":"join","keys":{member_keys},"names":b64(age to
 * headquarters of {"name","code","region"}),"root":hex} and on the second line the SSHSIG by the hub's
 * signing key in namespace engabo-join over the first line, as base64 of its 64 raw bytes. Six words:
 * words_of(request bytes || root), made on both sides from what each holds. */
#ifndef ENGABO_ROSTER_ENROL_H
#define ENGABO_ROSTER_ENROL_H

#include "node/roster/roster.h"

struct invite {
	char coalition[ULID_SIZE];
	uint8_t root[DIGEST_LEN];
	struct age_recipient headquarters[8];
	size_t headquarters_count;
	char **relays;
	size_t relay_count;
};
const struct error *invite_parse(const void *context, struct bytes text, struct invite **out) MUST_CHECK;
struct bytes invite_print(const void *context, const struct invite *invite);

struct join_request {
	struct member_keys keys;
	uint8_t root[DIGEST_LEN];
	struct bytes names; /* age file */
};
struct bytes join_print(
	const void *context, const struct join_request *request, const struct secret *sign_seed);
/* Checks the form and the signature. ERROR_DENIED when it is not by the key it names. */
const struct error *join_parse(const void *context, struct bytes text, struct join_request **out) MUST_CHECK;
char *join_words(const void *context, struct bytes request_text, const uint8_t root[static DIGEST_LEN]);

#endif
