/* How the case file keeps an event's line: packed (raw deflate, RFC 1951, with a dictionary of what most
 * lines say, packing.txt; '$' there stands for this hub's log id; and behind it what this line must say).
 * Lines are the largest thing in it, and are read only when their record changes or its history is asked for.
 *
 * A line is packed against what stands in its row already: the id of the event, with the time that is in it,
 * and the key of the record. So these, which no other line says, take next to nothing. Behind packing.txt the
 * dictionary goes on, without line ends, <ms> being the id's first ten characters in hexadecimal, twelve
 * digits, and <time> the same as text:
 *
 *   ,"key":"<key>"
 *   {"v":1,"id":"<id>","hlc":"<ms>0000","at":"<time>","clock":"sure","by":"
 *
 * In SQL, event_line(line, id, key) gives the text again; it is NULL when one of them is. Outside, in Python,
 * with the dictionary in `text`: zlib.decompressobj(-12, zdict=text).decompress(line) */
#ifndef ENGABO_CASEWORK_PACKING_H
#define ENGABO_CASEWORK_PACKING_H

#include "node/store/db.h"

struct packing;
/* For the case file of the hub `self`; teaches `db` event_line. Hangs on `context`, which must live no longer
 * than `db`. */
const struct error *packing_new(
	const void *context, struct db *db, const char *self, struct packing **out) MUST_CHECK;
/* The line of the event `id` about the record `key`; at most EVENT_JSON_MAX bytes. The result is valid until
 * the next call. */
struct bytes packing_pack(struct packing *packing, const char *id, const char *key, struct bytes line);

#endif
