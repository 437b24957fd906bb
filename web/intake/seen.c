/* A Bloom filter over receipts (seen.h). What was sent is receipts.c's to know; here it is only known that
 * nothing was.
 *
 * Invariant: no ticket that was added is ever answered with "no". Ids are digests already, so that their own
 * bits spread them. Runs in intake. */
#include "web/intake/seen.h"

#include <stdatomic.h>

#include "node/base/memory.h"

#define WORDS 8192
#define PROBES 2

struct seen {
	_Atomic uint64_t words[WORDS];
};

struct seen *seen_new(const void *context)
{
	return memory_new(context, struct seen);
}

/* The bit that the probe looks at. */
static uint64_t place(int64_t id, int probe, size_t *word)
{
	uint64_t bits = (uint64_t)id >> (32 * probe);

	*word = bits / 64 % WORDS;
	return UINT64_C(1) << bits % 64;
}

void seen_add(struct seen *seen, int64_t id)
{
	for (int probe = 0; probe < PROBES; probe++) {
		size_t word;
		uint64_t bit = place(id, probe, &word);

		atomic_fetch_or(&seen->words[word], bit);
	}
}

bool seen_perhaps(const struct seen *seen, int64_t id)
{
	for (int probe = 0; probe < PROBES; probe++) {
		size_t word;
		uint64_t bit = place(id, probe, &word);

		if (!(atomic_load(&seen->words[word]) & bit))
			return false;
	}
	return true;
}
