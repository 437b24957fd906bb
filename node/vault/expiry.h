/* Until when this hub's TLS certificates hold, for everything that warns in time: status, doctor, the
 * office's pages. Peers pin keys and ignore dates, so keys/tls-sync is not among them. */
#ifndef ENGABO_VAULT_EXPIRY_H
#define ENGABO_VAULT_EXPIRY_H

#include "node/base/home.h"
#include "node/base/json.h"

#define EXPIRY_SOON_OWN 60    /* days; the hub's own are renewed by the office, the CA's never */
#define EXPIRY_SOON_PUBLIC 30 /* days; whoever issues them renews them much earlier */

/* Whole days from now until `until` (seconds since 1970); negative when it is over. A clock from before this
 * program was built counts as that day. */
int expiry_days(int64_t until);
/* Of the first certificate in a PEM text; ERROR_INVALID when there is none. */
const struct error *expiry_until(struct bytes pem, int64_t *until) MUST_CHECK;
/* Every certificate there is or, by the configuration, should be: [{"name":"ca"|"intake"|"office"|"public",
 * "until":"2049-12-31","days":n,"is_soon":bool}]; in place of the last three "error" where it cannot be read.
 * A hub made before there was a CA has none of the first three. The caller owns it. */
json_t *expiry_list(const struct home *home);

#endif
