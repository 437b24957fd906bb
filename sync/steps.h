/* How much to send at once over a line that may be cut: a step that is cut is sent again, a step that ends
 * costs round trips. Pure. */
#ifndef ENGABO_SYNC_STEPS_H
#define ENGABO_SYNC_STEPS_H

#include <stdbool.h>
#include <stdint.h>

struct steps {
	int64_t size;	   /* bytes of the next step */
	int64_t since_ms;  /* what the steps since the last cut took */
	int64_t target_ms; /* what a step should take; 0: the line was not cut in this round */
	int64_t a_second;  /* bytes, of the last step that arrived; 0: none did */
};
/* `size`: of the last round's last step; 0: none is known. */
void steps_begin(struct steps *steps, int64_t size);
/* A step of so many bytes has arrived, after so long. */
void steps_done(struct steps *steps, int64_t bytes, int64_t ms);
/* The line was cut so long after a step was begun. */
void steps_cut(struct steps *steps, int64_t ms);

#endif
