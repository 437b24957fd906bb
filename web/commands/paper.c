/* Papers of enrolment, in and out: see paper.h. Runs in commands. */
#include "web/commands/paper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/text.h"

const struct error *paper_write(const char *file, struct bytes text)
{
	if (file && strcmp(file, "-") != 0)
		return files_write_new(file, text, 0644);
	if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
		return error_system(errno, "cannot write to standard output");
	return NULL;
}

const struct error *paper_read(const void *context, const char *file, struct bytes *out)
{
	return files_read(context, strcmp(file, "-") == 0 ? "/dev/stdin" : file, PAPER_MAX, out);
}

static bool same_words(const char *a, const char *b)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *left = text_trim(scratch, a), *right = text_trim(scratch, b);

	text_lower(left);
	text_lower(right);
	return strcmp(left, right) == 0;
}

const struct error *paper_agree(const char *words, const char *answer)
{
	char line[16] = "";

	if (answer) {
		if (!same_words(words, answer))
			return error_new(ERROR_DENIED, "the words are not the same: the request or the "
						       "coalition is not the one it should be; "
						       "nothing was changed");
		return NULL;
	}
	if (!isatty(STDIN_FILENO))
		return error_new(ERROR_USAGE,
			"compare the six words on both sides and give them with --words \"...\"");
	fprintf(stderr, "Does the other side show the same six words? [y/N] ");
	if (!fgets(line, sizeof line, stdin) || (line[0] != 'y' && line[0] != 'Y'))
		return error_new(ERROR_DENIED, "not confirmed; nothing was changed");
	return NULL;
}

void paper_restart_roles(const struct home *home)
{
	static const char *const sockets[] = {"run/intake.sock", "run/office.sock", "run/sync.sock"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "end");

	for (size_t i = 0; i < 3; i++) {
		json_t *reply = NULL;

		error_ignore(control_call(home_file(scratch, home, sockets[i]), request, 5000, &reply));
		json_decref(reply);
	}
}
