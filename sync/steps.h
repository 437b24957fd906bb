/* How much to send at once over a line that may be cut: a step that is cut is sent again, a step that ends
 * costs round trips. Pure. */
#ifndef ENGABO_SYNC_STEPS_H
#define ENGABO_SYNC_STEPS_H

#include <stdbool.h>
#include <stdint.h>

struct steps {
	int64_t size;  /* bytes of the next step */
	int64_t since; /* bytes that arrived since the last cut, */
	int count;     /* and in how many steps */
	bool was_cut;  /* in this round */
};
/* `size`: of the last round's last step; 0: none is known. */
void steps_begin(struct steps *steps, int64_t size);
/* A step of so many bytes has arrived. */
void steps_done(struct steps *steps, int64_t bytes);
/* The line was cut in the middle of one. */
void steps_cut(struct steps *steps);

#endif
