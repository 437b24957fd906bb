/* The envelope: an event sealed to the hubs that need it (formats.md, "Envelope"). Plaintext never reaches
 * the card.
 *
 *   engabo-event 1 <log id> <epoch> <i|o> <signature or ->\n <the JSON, one line>\n <spaces up to the Padme
 * size>
 *
 * The signature is raw SSHSIG (64 bytes, unpadded base64) by the hub's office key, namespace engabo-event,
 * over "<log id> <epoch> <JSON>". */
#ifndef ENGABO_CASEWORK_ENVELOPE_H
#define ENGABO_CASEWORK_ENVELOPE_H

#include "node/casework/event.h"
#include "node/vault/age.h"
#include "node/vault/sshsig.h"

#define ENVELOPE_MAX 65536

/* `office` NULL: from intake (kind i). ERROR_INVALID when it would be over ENVELOPE_MAX. */
const struct error *envelope_seal(const void *context, struct bytes line, const char *log, int epoch,
	const struct secret *office, const struct age_recipient *recipients, size_t count,
	struct bytes *out) MUST_CHECK;

/* Opens and checks that log, epoch and kind inside are those of `origin` (the log that carried it), and the
 * signature by `office` (NULL: the log's office key is not known; then kind o is ERROR_NOT_FOUND).
 * ERROR_DENIED: not sealed to us; ERROR_CONFLICT: it contradicts its log, or its signature does not hold;
 * ERROR_CONFIG: an event of a newer version; ERROR_INVALID: damaged. */
const struct error *envelope_open(const void *context, struct bytes sealed,
	const struct secret *const *identities, size_t identity_count, const struct event_origin *origin,
	const struct signer *office, struct event **out) MUST_CHECK;

/* Padme (Nikitin et al., 2019): the padded size of a plaintext of `len` bytes; at most 12 % more. */
size_t envelope_padded(size_t len);

/* The first line of a mailbox item or message is JSON, padded the same way; used by web/intake and office. */
const struct error *envelope_seal_item(const void *context, struct bytes line,
	const struct age_recipient *recipient, struct bytes *out) MUST_CHECK;
const struct error *envelope_open_item(const void *context, struct bytes sealed,
	const struct secret *identity, struct bytes *line) MUST_CHECK;

#endif
