/* Any bytes as the message of a log's commit, and as the name of an entry. What is taken has one spelling. */
#include <assert.h>
#include <string.h>

#include "sync/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	char *text = memory_string_of(context, data, size), kind, mailbox[33];
	struct log_commit commit;

	if (!commit_parse(text, &commit)) {
		assert(strcmp(commit_message(context, &commit), text) == 0);
		assert(commit.back_count == commit_back_count(commit.seq));
	}
	if (commit_entry_name(text, 7, &kind, mailbox))
		assert(strlen(text) == (kind == 'm' ? 43 : 10));
	return 0;
}
