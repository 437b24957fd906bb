/* Bodies and queries from any phone: whatever comes out is UTF-8 without NUL, with unix line ends, within the
 * bounds. */
#include <assert.h>
#include <string.h>

#include "node/base/text.h"
#include "web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct form *form = NULL;

	if (form_parse(context, (struct bytes){data, size}, &form)) {
		assert(!form || form->unreadable);
		if (!form)
			return 0;
	} else {
		assert(!form->unreadable);
	}
	assert(form->count <= 128);
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->fields[i].name, *value = form->fields[i].value;

		assert(strlen(name) <= 64 && strlen(value) <= size);
		assert(text_is_utf8(name, strlen(name)) && text_is_utf8(value, strlen(value)) &&
			!strchr(value, '\r'));
		assert(form_get(form, name) && strlen(form_text(context, form, name)) <= size);
	}
	return 0;
}
