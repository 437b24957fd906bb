/* The size of steps over a bad line: see steps.h. Used by push.c.
 *
 * A line that has not been cut doubles them, so that a good one soon carries everything at once. A cut shows
 * how much goes through in between: a step is then a sixth of that, so that on average a twelfth is lost
 * (half a step a cut), while the pauses between steps stay short against the steps. */
#include "sync/steps.h"

#define SIZE_FIRST (64 * 1024)
#define SIZE_LEAST (8 * 1024)
#define SIZE_MOST (64 * 1024 * 1024)
#define STEPS_A_CUT 6

static int64_t bounded(int64_t size)
{
	return size < SIZE_LEAST ? SIZE_LEAST : size > SIZE_MOST ? SIZE_MOST : size;
}

void steps_begin(struct steps *steps, int64_t size)
{
	*steps = (struct steps){.size = bounded(size ? size : SIZE_FIRST)};
}

void steps_done(struct steps *steps, int64_t bytes)
{
	int64_t part;

	steps->since += bytes;
	part = steps->since / STEPS_A_CUT;
	if (!steps->was_cut)
		steps->size = bounded(2 * steps->size);
	else if (part > steps->size)
		steps->size = bounded(part);
}

void steps_cut(struct steps *steps)
{
	int64_t part = steps->since / STEPS_A_CUT;

	if (!part)
		steps->size = bounded(steps->size / 2);
	else if (part < steps->size)
		steps->size = bounded(part);
	steps->since = 0;
	steps->was_cut = true;
}
