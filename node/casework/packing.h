/* How the case file keeps an event's line: packed (raw deflate, RFC 1951, with a dictionary of what most
 * lines say, packing.txt; '$' there stands for this hub's log id). Lines are the largest thing in it, and are
 * read only when their record changes or its history is asked for.
 *
 * In SQL, event_line(line) gives the text again, of NULL it is NULL. Outside, in Python, with the dictionary
 * in `text`: zlib.decompressobj(-12, text.replace(b"$", log)).decompress(line) */
#ifndef ENGABO_CASEWORK_PACKING_H
#define ENGABO_CASEWORK_PACKING_H

#include "node/store/db.h"

struct packing;
/* For the case file of the hub `self`; teaches `db` event_line. Hangs on `context`, which must live no longer
 * than `db`. */
const struct error *packing_new(
	const void *context, struct db *db, const char *self, struct packing **out) MUST_CHECK;
/* At most EVENT_JSON_MAX bytes. The result is valid until the next call. */
struct bytes packing_pack(struct packing *packing, struct bytes line);
/* ERROR_INVALID: not packed here. The result is valid until the next call; a NUL lies behind it. */
const struct error *packing_unpack(
	struct packing *packing, struct bytes packed, struct bytes *out) MUST_CHECK;

#endif
