/* The size of steps over a bad line: see steps.h. Used by push.c.
 *
 * A line that has not been cut doubles them, so that a good one soon carries everything at once. A cut shows
 * how long the line lasts; from then on a step should take a fifth of that, pauses included: half a step is
 * lost with each cut on average, which is a tenth of the time. */
#include "sync/steps.h"

#define SIZE_FIRST (64 * 1024)
#define SIZE_LEAST (8 * 1024)
#define SIZE_MOST (64 * 1024 * 1024)
#define STEPS_A_CUT 5

static int64_t bounded(int64_t size)
{
	return size < SIZE_LEAST ? SIZE_LEAST : size > SIZE_MOST ? SIZE_MOST : size;
}

void steps_begin(struct steps *steps, int64_t size)
{
	*steps = (struct steps){.size = bounded(size ? size : SIZE_FIRST)};
}

void steps_done(struct steps *steps, int64_t bytes, int64_t ms)
{
	int64_t took = ms > 0 ? ms : 1;

	steps->since_ms += took;
	steps->a_second = bytes * 1000 / took;
	if (!steps->target_ms || 2 * took < steps->target_ms)
		steps->size = bounded(2 * steps->size);
	else
		steps->size = bounded(steps->size * steps->target_ms / took);
}

void steps_cut(struct steps *steps, int64_t ms)
{
	int64_t target = (steps->since_ms + ms) / STEPS_A_CUT + 1, fits;

	steps->target_ms = steps->target_ms ? (steps->target_ms + target) / 2 : target;
	fits = steps->a_second * steps->target_ms / 1000;
	if (!steps->since_ms)
		steps->size = bounded(steps->size / 2);
	else if (fits < steps->size)
		steps->size = bounded(fits);
	steps->since_ms = 0;
}
