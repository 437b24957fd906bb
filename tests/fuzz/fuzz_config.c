/* Settings are typed by people and restored from who knows where: a file is taken, or refused with its name
 * and a line that it has. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/config.h"
#include "node/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct config *config = config_defaults(context);
	const struct error *error = config_parse(config, "fuzz", (struct bytes){data, size});
	long lines = 1, line;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	if (error) {
		assert(error->code == ERROR_CONFIG && text_starts(error->message, "fuzz:"));
		line = strtol(error->message + 5, NULL, 10);
		assert(line >= 1 && line <= lines);
	}
	assert(config->intake.http >= 1 && config->intake.http <= 65535 && config->office.lock_minutes >= 1);
	assert(text_length(config->hub.name) >= 1 && text_length(config->hub.name) <= 60);
	return 0;
}
