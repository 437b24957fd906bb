/* Any bytes as the beginning of a file on a stick. What is taken is printed in a form that says the same. */
#include <assert.h>
#include <string.h>

#include "sync/piece.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	char *text = memory_string_of(context, data, size);
	struct piece piece, again;
	const struct error *error;

	assert(!piece_is_name(text) || !piece_is_part(text));
	if (piece_parse((struct bytes){data, size}, &piece))
		return 0;
	error = piece_parse(piece_header(context, &piece), &again);
	assert(!error);
	assert(strcmp(piece.ref, again.ref) == 0 && strcmp(piece.tip.hex, again.tip.hex) == 0 &&
		strcmp(piece.after.hex, again.after.hex) == 0);
	return 0;
}
