/* The public certificate: what [intake] certificate and key name, for the way FORM_PUBLIC. One place reads
 * it, for intake that shows it, the page on which it is chosen, and the doctor, so that all three say the
 * same. */
#ifndef ENGABO_WEB_PUBLIC_H
#define ENGABO_WEB_PUBLIC_H

#include "node/base/config.h"
#include "node/vault/secret.h"
#include "web/certificate.h"

struct public_pair {
	struct bytes certificate;	  /* PEM, NUL behind it; on the context */
	struct secret *key;		  /* PEM, NUL behind it; the caller's, NULL with an error */
	char name[CERTIFICATE_NAME_SIZE]; /* the first that is no wildcard: phones are led there */
};
/* ERROR_CONFIG when it cannot be shown to phones, in words for people (SAY): a file is not named or cannot be
 * read, the two do not belong together, it names no host. Its days are not looked at. */
const struct error *public_read(
	const void *context, const struct config *config, struct public_pair *out) MUST_CHECK;

#endif
