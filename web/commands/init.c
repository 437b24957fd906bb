/* `engabo init`: makes a hub, and with --headquarters a coalition. All or nothing: what was begun and failed
 * is removed; of what the power cut short, the next init makes a new beginning.
 *
 * Leaves one sheet of paper's worth in a file outside the hub: the words of the printed slot, and at
 * headquarters the coalition's recovery identity. */
#include "web/commands/commands.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zxcvbn.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "node/vault/prompt.h"
#include "node/vault/words.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/commands/founding.h"
#include "web/office/people.h"

#define NAME_MAX_LENGTH 60
#define GUESSES_MIN_LOG2 50.0 /* a chosen passphrase must be worth this many bits by zxcvbn's reckoning */

struct options {
	const char *name, *code, *region, *coalition, *user, *passphrase_file, *sheet, *sharing;
	bool is_headquarters;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->name = argument;
		return 0;
	case 'c':
		options->code = argument;
		return 0;
	case 'r':
		options->region = argument;
		return 0;
	case 'H':
		options->is_headquarters = true;
		return 0;
	case 'C':
		options->coalition = argument;
		return 0;
	case 'u':
		options->user = argument;
		return 0;
	case 'p':
		options->passphrase_file = argument;
		return 0;
	case 'S':
		options->sharing = argument;
		return 0;
	case 's':
		options->sheet = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A name goes into an INI file and onto pages: one plain line. */
static const struct error *check_name(const char *option, const char *value)
{
	if (!value || !*value)
		return error_new(
			ERROR_USAGE, "%s is missing; engabo init --help tells what is needed", option);
	if (!text_is_utf8(value, strlen(value)) || text_length(value) > NAME_MAX_LENGTH ||
		strpbrk(value, ";#\n\r\t\""))
		return error_new(ERROR_USAGE, "%s: at most %d characters, without ; # \" or line ends",
			option, NAME_MAX_LENGTH);
	return NULL;
}

static const struct error *check_options(const struct options *options)
{
	TRY(check_name("--name", options->name));
	TRY(check_name("--region", options->region));
	if (!options->code || !ids_is_code(options->code))
		return error_new(ERROR_USAGE, "--code: two to eight capital letters or digits, like GUL");
	if (!options->user)
		return error_new(
			ERROR_USAGE, "--user is missing: the name of the first keyholder, like akello");
	TRY(people_check_name(options->user));
	if (options->is_headquarters)
		return check_name("--coalition", options->coalition);
	if (options->coalition || options->sharing)
		return error_new(ERROR_USAGE, "--%s goes with --headquarters",
			options->coalition ? "coalition" : "sharing");
	return NULL;
}

static const struct error *read_passphrase(const struct options *options, struct secret **out)
{
	struct secret *passphrase CLEANUP(secret_free) = NULL;

	if (!options->passphrase_file) {
		*out = words_passphrase(7);
		return NULL;
	}
	TRY(prompt_passphrase(options->passphrase_file, "Passphrase: ", &passphrase));
	if (ZxcvbnMatch((const char *)passphrase->data, NULL, NULL) < GUESSES_MIN_LOG2)
		return error_new(ERROR_INVALID, "the passphrase is too easy to guess; leave "
						"--passphrase-file away and seven words are made");
	*out = secret_copy(passphrase->data, passphrase->len);
	return NULL;
}

static const struct error *write_sheet(
	const char *path, const struct founding *founding, const struct founded *founded)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *text = buffer_new(scratch);
	const struct error *error;

	buffer_format(text,
		"# Sheet of the hub %s (%s), log %s\n"
		"# Print this, keep the paper far from the hub, and delete the file.\n#\n"
		"# These words open the hub when no keyholder can (engabo recover, name left empty):\n#   "
		"%s\n",
		founding->code, founding->name, founded->trust.self.log,
		(const char *)founding->slot_words->data);
	if (founded->recovery)
		buffer_format(text,
			"#\n# The coalition's recovery identity. It opens every record of every hub: two "
			"people should keep it, apart.\n"
			"# Any record: age -d -i this-file record.age\n%s\n",
			(const char *)founded->recovery->data);
	error = files_write_new(path, buffer_bytes(text), 0600);
	secret_wipe(text->data, text->len);
	return error;
}

/* For the paper on the wall of the office: with it each device is checked that installs the authority. */
static void tell_authority(const struct command_call *call)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct certificate certificate;
	struct bytes pem;

	if (files_read(scratch, memory_format(scratch, "%s/" AUTHORITY_FILE, call->state), AUTHORITY_PEM_MAX,
		    &pem) ||
		certificate_read(pem, &certificate))
		return;
	printf("Devices of the office come to trust it on its page /connect/staff. The fingerprint to "
	       "compare:\n"
	       "    %s\n",
		certificate_print(scratch, certificate.whole));
}

static void tell(const struct command_call *call, const struct options *options,
	const struct founded *founded, const char *sheet, const struct secret *passphrase)
{
	printf("The hub %s (%s) is made in %s; its log is %s.\n", options->code, options->name, call->state,
		founded->trust.self.log);
	if (options->is_headquarters)
		printf("It is the headquarters of %s.\n", options->coalition);
	if (!options->passphrase_file)
		printf("\n%s signs in with these words; they are shown only once:\n\n    %s\n\n",
			options->user, (const char *)passphrase->data);
	printf("The sheet is in %s: print it, keep the paper far from the hub, delete the file.\n", sheet);
	tell_authority(call);
	printf("Next: engabo --state %s serve\n", call->state);
}

/* Not where a file is, and not in the hub: who takes the card must not find it there. */
static const struct error *check_sheet(const char *sheet, const char *state)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char folder[PATH_MAX], hub[PATH_MAX];

	if (files_exist(sheet))
		return error_new(ERROR_EXISTS, "%s is already there; name another file with --sheet", sheet);
	if (!realpath(dirname(memory_string(scratch, sheet)), folder) || access(folder, W_OK) != 0)
		return error_new(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_DENIED,
			"cannot put the sheet there: %s: %s; name another file with --sheet",
			dirname(memory_string(scratch, sheet)), strerror(errno));
	if (realpath(state, hub) && text_starts(folder, hub) &&
		(!folder[strlen(hub)] || folder[strlen(hub)] == '/'))
		return error_new(ERROR_USAGE, "the sheet must not lie in the hub itself: name a file outside "
					      "of it with --sheet");
	return NULL;
}

static const struct error *check_interrupted(void)
{
	sigset_t pending;

	sigpending(&pending);
	if (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP))
		return error_new(ERROR_UNAVAILABLE, "interrupted; nothing was made");
	return NULL;
}

/* Everything but the last step, which makes it a hub. */
static const struct error *fill(struct home *home, const struct options *options,
	const struct founding *founding, const char *sheet, struct founded *founded)
{
	TRY(founding_make(home, home, founding, founded));
	TRY(check_interrupted());
	TRY(people_first_user(home, &founded->trust, founded->vault,
		options->is_headquarters ? &founded->roster : NULL, options->user, founded->slot,
		&founded->own));
	TRY(check_interrupted());
	return write_sheet(sheet, founding, founded);
}

static const struct error *make_whole(const struct command_call *call, const struct options *options,
	const struct founding *founding, const char *sheet, struct founded *founded)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct home_making making;
	const struct error *error;

	TRY(home_begin(context, call->state, &making));
	error = fill(making.home, options, founding, sheet, founded);
	if (!error) {
		error = home_finish(&making);
		if (error)
			unlink(sheet);
	}
	if (error)
		home_abandon(&making);
	return error;
}

/* With the signals that would end it held back, so that what was begun is removed again. */
static const struct error *make_undisturbed(const struct command_call *call, const struct options *options,
	const struct founding *founding, const char *sheet, struct founded *founded)
{
	const struct error *error;
	sigset_t held, before;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, &before);
	error = make_whole(call, options, founding, sheet, founded);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

static const struct error *make(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct secret *passphrase CLEANUP(secret_free) = NULL,
				  *slot_words CLEANUP(secret_free) = words_passphrase(7);
	struct founding founding = {.name = options->name,
		.code = options->code,
		.region = options->region,
		.coalition = options->coalition,
		.user = options->user,
		.slot_words = slot_words};
	struct founded founded = {0};
	const struct error *error;
	const char *sheet = options->sheet ? options->sheet
					   : memory_format(context, "engabo-%s-sheet.txt", options->code);

	if (options->sharing)
		TRY(roster_sharing_parse(options->sharing, &founding.sharing));
	TRY(check_sheet(sheet, call->state));
	TRY(read_passphrase(options, &passphrase));
	founding.passphrase = passphrase;
	error = make_undisturbed(call, options, &founding, sheet, &founded);
	if (!error)
		tell(call, options, &founded, sheet, passphrase);
	founded_free(&founded);
	return error;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"name", 'n', "NAME", 0, "the office's name, as staff call it", 0},
		{"code", 'c', "CODE", 0, "its short code, in front of case references: GUL", 0},
		{"region", 'r', "REGION", 0, "its region", 0},
		{"headquarters", 'H', NULL, 0, "also make a coalition, with this hub as its headquarters", 0},
		{"coalition", 'C', "NAME", 0, "the coalition's name", 0},
		{"sharing", 'S', "POLICY", 0,
			"what headquarters gets of the hubs' records: full (the default), summary or none",
			0},
		{"user", 'u', "NAME", 0, "the first keyholder, a coordinator of this hub", 0},
		{"passphrase-file", 'p', "FILE", 0,
			"their passphrase (-: standard input); without it seven words are made and shown "
			"once",
			0},
		{"sheet", 's', "FILE", 0, "where to put what must be printed (engabo-CODE-sheet.txt)", 0},
		{0},
	};
	static const struct argp argp = {
		words, parse, NULL, "Makes a hub in the state directory.", NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	TRY(check_options(&options));
	return make(call, &options);
}

const struct command command_init = {"init", "make a hub, or with --headquarters a coalition", run};
