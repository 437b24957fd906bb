/* A pack that we build ourselves, one a batch: one file and six fsyncs, however many commits are in it
 * (gitformat-pack(5), version 2).
 *
 * Add objects, then end it; only then are they in the repository, all of them, fsynced. Objects that the
 * repository has, or that were added before, are left out. A batch of more than 8 MiB goes to the card in
 * pieces, kept aside until it ends, so that memory stays small and a batch that is given up leaves nothing
 * behind. */
#ifndef ENGABO_SYNC_PACK_H
#define ENGABO_SYNC_PACK_H

#include "sync/repo.h"

struct pack;
/* On `context`; freeing it without pack_end gives the batch up. */
struct pack *pack_begin(const void *context, struct repo *repo);
/* The object's id goes to `out`. What goes wrong on the card is told by pack_end. */
void pack_blob(struct pack *pack, struct bytes content, struct oid *out);
/* Entries sorted as git sorts them; modes 100644 (a blob) and 40000 (a tree). */
void pack_tree(struct pack *pack, const struct tree_entry *entries, size_t count, struct oid *out);
void pack_commit(struct pack *pack, struct bytes raw, struct oid *out);
/* Nothing to write is fine. The pack is used up, whatever comes of it. */
const struct error *pack_end(struct pack *pack) MUST_CHECK;
/* Bytes that go to the card, so far. */
size_t pack_size(const struct pack *pack);

#endif
