/* `engabo recover`: writes the hub's opening identity as an age identity file, so that stock git and age read
 * every record that was sealed to this hub when everything else is broken. Opened by a keyholder's passphrase
 * or the words of the printed sheet.
 *
 * Works on keyring.json alone; the audit entry is written where the rest of the hub still allows it, and its
 * lack is said. */
#include "web/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/base/files.h"
#include "node/vault/prompt.h"
#include "web/commands/as.h"
#include "web/office/people.h"

#define TEXT_MAX 1024 /* two identities with their comments */

struct options {
	struct as as;
	const char *output;
	bool by_sheet;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = argument;
		return 0;
	case 's':
		options->by_sheet = true;
		return 0;
	case ARGP_KEY_END:
		if (!options->output || (!options->as.name == !options->by_sheet))
			return command_misused(state, "-o FILE is needed, and either --as NAME or --sheet");
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

/* One identity with its recipient, as age-keygen writes them; the text stays in a secret. */
static const struct error *add_identity(struct secret *text, const char *what, const struct secret *identity)
{
	struct secret *secret CLEANUP(secret_free) = age_identity_text(identity);
	size_t used = strlen((const char *)text->data);
	char recipient[AGE_RECIPIENT_SIZE];
	struct age_recipient key;

	TRY(age_recipient_of(&key, identity));
	age_recipient_text(recipient, &key);
	snprintf((char *)text->data + used, text->len - used, "# %s\n# public key: %s\n%s\n", what, recipient,
		(const char *)secret->data);
	return NULL;
}

static const struct error *write_identities(const char *path, const struct vault *vault)
{
	struct secret *text CLEANUP(secret_free) = secret_new(TEXT_MAX);

	TRY(add_identity(text, "opens what was sealed to this hub", vault->opening));
	return files_write_new(path, (struct bytes){text->data, strlen((const char *)text->data)}, 0600);
}

static const struct error *write_audit(
	const void *context, struct home *home, struct signed_in *in, const char *by)
{
	struct office *office CLEANUP(office_close) = NULL;
	int lock CLEANUP(fd_close) = -1;
	struct vault *vault = in->vault;
	struct batch *batch;

	error_ignore(files_lock(home_file(context, home, "run/office.lock"), &lock));
	TRY(office_open(context, home, lock >= 0, &office));
	in->vault = NULL;
	TRY(office_unlock(office, vault));
	batch = batch_new(context, office, by);
	TRY(batch_audit(batch, "wrote out the hub's opening identity", by));
	return batch_commit(batch);
}

static const struct error *recover(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct secret *passphrase CLEANUP(secret_free) = NULL;
	struct signed_in in = {0};
	const struct error *error;
	struct home *home;

	TRY(home_open(context, call->state, &home));
	if (files_exist(options->output))
		return error_new(
			ERROR_EXISTS, "%s is already there; name another file with -o", options->output);
	TRY(prompt_passphrase(options->as.passphrase_file,
		options->by_sheet ? "The sheet's words: " : "Your passphrase: ", &passphrase));
	TRY(people_open(home, options->by_sheet ? "" : options->as.name, passphrase, &in));
	error = write_identities(options->output, in.vault);
	if (!error) {
		const struct error *unsaid =
			write_audit(context, home, &in, options->by_sheet ? "sheet" : options->as.name);

		if (unsaid)
			fprintf(stderr, "engabo: no audit entry could be written: %s\n", unsaid->message);
	}
	people_signed_in_wipe(&in);
	return error;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"output", 'o', "FILE", 0, "where to write the identity; must not be there yet", 0},
		{"as", 'a', "NAME", 0, "a keyholder", 0},
		{"sheet", 's', NULL, 0, "by the words of the printed sheet", 0},
		{"passphrase-file", 'p', "FILE", 0, "the passphrase or the sheet's words (-: standard input)",
			0},
		{0},
	};
	static const struct argp argp = {words, parse, NULL,
		"Writes the key that opens this hub's records, for git and age. Whoever has the file can "
		"read them all.",
		NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	return recover(call, &options);
}

const struct command command_recover = {"recover", "write out the key that opens this hub's records", run};
