/* Writes records as the office does, for system tests of what comes from a hub whatever its pages offer:
 *
 *     write STATE USER PASSPHRASE-FILE < lines
 *
 * A line is {"entity", "set", "case", "key"}: `case` only where it belongs to one, `key` only for a record
 * that is there; a new one's key is printed. All lines are one batch. */
#include <stdio.h>
#include <stdlib.h>

#include "node/base/clock.h"
#include "tests/system/tool.h"
#include "web/commands/keyholder.h"
#include "web/office/write.h"

static const struct error *take(struct batch *batch, const json_t *line)
{
	char fresh[ENTITY_KEY_SIZE];
	const char *key;

	write_key_new(fresh, batch_office(batch));
	key = json_text_or(line, "key", fresh);
	puts(key);
	return batch_event(batch, json_text_or(line, "entity", ""), key, json_text_or(line, "case", ""),
		json_incref(json_object_get(line, "set")), NULL);
}

static const struct error *run(void *context, char **words)
{
	KEYHOLDER holder = {0};
	json_t *line;
	struct batch *batch;

	TRY(keyholder_open(context, words[1], &(struct as){words[2], words[3]}, MAY_WRITE_CASES, &holder));
	batch = keyholder_batch(context, &holder);
	while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL))) {
		const struct error *error = take(batch, line);

		json_decref(line);
		TRY(error);
	}
	return batch_commit(batch);
}

int main(int count, char **words)
{
	return tool_main(count, words, 4, run);
}
