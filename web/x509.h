/* What is the same in all certificates that a hub makes. For certificate.c and authority.c. */
#ifndef ENGABO_WEB_X509_H
#define ENGABO_WEB_X509_H

#include "node/vault/x509.h"

/* The days for which all that a hub signs is valid. No clock of a hub or of a phone is before the first. It
 * also lies before 1 July 2019, from when on Apple's devices refuse more than 825 days, also from a CA that
 * their owner installed (support.apple.com/HT210176). The last is the last day that fits X.509's short form
 * of a year. */
#define X509_VALID_FROM 1559347200  /* 2019-06-01 */
#define X509_VALID_UNTIL 2524607999 /* 2049-12-31 */

/* What is the same in every certificate of ours: a new serial number, the days, the name, version 3. */
const struct error *x509_begin(gnutls_x509_crt_t certificate, const char *common_name) MUST_CHECK;
/* Of a server: what it may be used for, its identifier, its names. The public key is set already. */
const struct error *x509_server(gnutls_x509_crt_t certificate, const char *const *dns_names) MUST_CHECK;

#endif
