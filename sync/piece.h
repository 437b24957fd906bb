/* One piece of a log on a stick that is no place for a repository: a git bundle (FORMAT.md, "On a stick") of
 * some commits in a row, named by its digest, so that a torn one shows. */
#ifndef ENGABO_SYNC_PIECE_H
#define ENGABO_SYNC_PIECE_H

#include "sync/repo.h"

#define PIECE_NAME_SIZE 40 /* 32 hex digits, ".bundle" and a NUL */
#define PIECE_REF_SIZE 96
#define PIECE_HEADER_MAX 512

struct piece {
	char name[PIECE_NAME_SIZE];
	char ref[PIECE_REF_SIZE]; /* roster, log/... or forks/..., as FORMAT.md lists them */
	struct oid tip;
	struct oid after; /* the commit that it goes on from; "": it begins at the first */
};

/* Whether a file of that name is meant to be one. */
bool piece_is_name(const char *name);
/* Whether it is what a pull left of one that was being written (piece_part_name). */
bool piece_is_part(const char *name);
/* What a hub calls a piece until it is whole: always the same, so that it leaves one at most. */
void piece_part_name(char out[static PIECE_NAME_SIZE], const char *log);
/* The name of one with this digest. */
void piece_name(char out[static PIECE_NAME_SIZE], const uint8_t sha256[static DIGEST_LEN]);
/* What stands before its pack; on `context`. */
struct bytes piece_header(const void *context, const struct piece *piece);
/* The beginning of a file, at least its header. Gives all but the name. ERROR_INVALID says what is wrong. */
const struct error *piece_parse(struct bytes beginning, struct piece *out) MUST_CHECK;
/* Reads the whole file once. ERROR_INVALID: it is damaged, larger than `max` bytes, or no piece of ours. */
const struct error *piece_look(
	const char *folder, const char *name, uint64_t max, struct piece *out) MUST_CHECK;

#endif
