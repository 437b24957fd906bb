/* Sealed attachments on the card: ciphertext in pieces of at most 512 KiB, each a file named by its SHA-256
 * in the folder `files` of the state directory (formats.md, "Attachments"). What they are a part of, and what
 * opens them, stands in a sealed event.
 *
 * Writing takes the form of an age_write, reading that of an age_read. Intake writes, office reads. */
#ifndef ENGABO_STORE_PIECES_H
#define ENGABO_STORE_PIECES_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

#define PIECE_MAX (512 * 1024)
#define PIECES_MAX 64 /* of one attachment */
#define PIECE_NAME_SIZE 65

/* Pieces being written, into files that nobody takes for whole ones; freeing the context before pieces_keep
 * removes them. */
struct pieces;
struct pieces *pieces_new(const void *context, const char *folder);
/* age_write; ERROR_FULL when the card is, ERROR_INVALID beyond PIECES_MAX. */
const struct error *pieces_write(void *pieces, const uint8_t *from, size_t len);
/* After the last write: what they are called. */
const struct error *pieces_finish(struct pieces *pieces) MUST_CHECK;
size_t pieces_count(const struct pieces *pieces);
const char *pieces_name(const struct pieces *pieces, size_t index);
/* On the card, durably. Takes as long as the card does. */
const struct error *pieces_keep(struct pieces *pieces) MUST_CHECK;
/* What was kept goes again: the event that names it could not be. */
void pieces_forget(struct pieces *pieces);

/* Makes the folder where it is missing and removes what a killed writer left in it; *used: bytes of the
 * pieces that came in the last day. For the writing role, under its lock. */
const struct error *pieces_start(const char *folder, int64_t now_seconds, uint64_t *used) MUST_CHECK;

/* Whether all are here. */
bool pieces_are_here(const char *folder, const char *const *names, size_t count);
/* Reading the pieces, one behind the other. Each is checked against its name before a byte of it is given on.
 */
struct pieces_reader;
struct pieces_reader *pieces_reader_new(
	const void *context, const char *folder, const char *const *names, size_t count);
/* age_read */
const struct error *pieces_read(void *reader, uint8_t *to, size_t max, size_t *got);

#endif
