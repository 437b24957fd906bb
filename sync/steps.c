/* The size of steps over a bad line: see steps.h. Used by push.c.
 *
 * A line that has not been cut doubles them, so that a good one soon carries everything at once. The first
 * cut shows how much goes through in between, and a step is then a fifth of that. From then on what counts is
 * how many steps go through from one cut to the next: on average half a step is lost with each cut, so with
 * four to six of them a tenth is sent twice, while the pauses between steps are still short against the
 * steps. */
#include "sync/steps.h"

#define SIZE_FIRST (64 * 1024)
#define SIZE_LEAST (8 * 1024)
#define SIZE_MOST (64 * 1024 * 1024)
#define STEPS_FEW 4 /* from one cut to the next */
#define STEPS_MANY 6

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
	steps->since += bytes;
	steps->count++;
	if (!steps->was_cut) {
		steps->size = bounded(2 * steps->size);
	} else if (steps->count > STEPS_MANY) {
		steps->size = bounded(steps->size * 3 / 2);
		steps->count = STEPS_FEW; /* it is right again; if more follow, it grows once more */
	}
}

void steps_cut(struct steps *steps)
{
	int64_t part = steps->since / (STEPS_FEW + 1);

	if (!steps->count)
		steps->size = bounded(steps->size / 2);
	else if (!steps->was_cut && part < steps->size)
		steps->size = bounded(part);
	else if (steps->was_cut && steps->count < STEPS_FEW)
		steps->size = bounded(steps->size * 3 / 4);
	steps->since = 0;
	steps->count = 0;
	steps->was_cut = true;
}
