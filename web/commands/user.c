/* `engabo user`: the people of this hub, from the command line; the same changes as the office's page makes
 * (web/office/people.c).
 *
 * A passphrase made here is printed once and kept nowhere. */
#include "web/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/casework/lists.h"
#include "node/vault/prompt.h"
#include "node/vault/words.h"
#include "web/commands/as.h"
#include "web/commands/keyholder.h"

#define WORDS 7

struct options {
	struct as as;
	const char *action, *name, *third;
	const char *role, *team, *new_passphrase_file;
	bool as_json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->role = argument;
		return 0;
	case 't':
		options->team = argument;
		return 0;
	case 'n':
		options->new_passphrase_file = argument;
		return 0;
	case 'j':
		options->as_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->action)
			options->action = argument;
		else if (!options->name)
			options->name = argument;
		else if (!options->third)
			options->third = argument;
		else
			return command_misused(state, "%s is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		if (!options->action)
			return command_misused(
				state, "say what to do: add, list, disable, passwd, role or team");
		if (!options->as.name)
			return command_misused(state, "--as NAME is missing, the keyholder who does it");
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

/* From the file that was named, or seven words. *is_made says that they must be shown. */
static const struct error *new_passphrase(const struct options *options, struct secret **out, bool *is_made)
{
	*is_made = !options->new_passphrase_file;
	if (!*is_made)
		return prompt_passphrase(options->new_passphrase_file, "The new passphrase: ", out);
	*out = words_passphrase(WORDS);
	return NULL;
}

static void show_words(const char *name, const struct secret *words)
{
	printf("%s signs in with these words; they are shown only once:\n\n    %s\n\n", name,
		(const char *)words->data);
}

static const struct error *list(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *users CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(lists_users(holder->office->file, &users));
	if (options->as_json) {
		json_t *whole CLEANUP(json_decref) = json_pack("{sO}", "users", users);

		fputs((const char *)json_pretty(scratch, whole).data, stdout);
		return NULL;
	}
	json_array_foreach (users, i, row)
		printf("%-20s %-12s %-9s %s\n", json_text_or(row, "name", ""), json_text_or(row, "role", ""),
			json_text_or(row, "state", ""), json_text_or(row, "team", ""));
	return NULL;
}

static const struct error *add(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *words CLEANUP(secret_free) = NULL;
	struct person_new person = {.name = options->name, .team = options->team};
	bool is_made;

	if (!options->role)
		return error_new(ERROR_USAGE,
			"say with --role what they do here: coordinator, officer, provider or facilitator");
	TRY(person_role_parse(options->role, &person.role));
	TRY(new_passphrase(options, &words, &is_made));
	person.passphrase = words;
	TRY(people_add(keyholder_batch(scratch, holder), &holder->in, &person));
	if (is_made)
		show_words(options->name, words);
	return NULL;
}

static const struct error *passwd(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *words CLEANUP(secret_free) = NULL;
	struct batch *batch = keyholder_batch(scratch, holder);
	bool is_made;

	TRY(new_passphrase(options, &words, &is_made));
	if (strcmp(options->name, options->as.name) == 0)
		TRY(people_change_passphrase(batch, &holder->in, options->name, words));
	else
		TRY(people_reset_passphrase(batch, &holder->in, options->name, words));
	if (is_made)
		show_words(options->name, words);
	return NULL;
}

static const struct error *disable(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return people_disable(keyholder_batch(scratch, holder), &holder->in, options->name);
}

static const struct error *set_role(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *name = options->third ? options->third : options->role;
	enum person_role role;

	if (!name)
		return error_new(ERROR_USAGE, "say which role: engabo user role NAME ROLE");
	TRY(person_role_parse(name, &role));
	return people_set_role(keyholder_batch(scratch, holder), options->name, role);
}

static const struct error *set_team(struct keyholder *holder, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *team = options->third ? options->third : options->team;

	if (!team)
		return error_new(ERROR_USAGE, "say which team: engabo user team NAME TEAM; \"\" is none");
	return people_set_team(keyholder_batch(scratch, holder), options->name, team);
}

static const struct {
	const char *name;
	const struct error *(*run)(struct keyholder *holder, const struct options *options);
	bool needs_name;
} actions[] = {
	{"add", add, true},
	{"list", list, false},
	{"disable", disable, true},
	{"passwd", passwd, true},
	{"role", set_role, true},
	{"team", set_team, true},
};

/* One's own passphrase is everybody's to change; the rest is a coordinator's. */
static enum access access_for(const struct options *options)
{
	bool is_own = strcmp(options->action, "passwd") == 0 && options->name &&
		      strcmp(options->name, options->as.name) == 0;

	return is_own ? MAY_UNLOCK : MAY_MANAGE_PEOPLE;
}

static const struct error *change(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	KEYHOLDER holder = {.lock = -1}; /* hangs on context, so it goes first */

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strcmp(actions[i].name, options->action) != 0)
			continue;
		if (actions[i].needs_name && !options->name)
			return error_new(ERROR_USAGE, "say whom: engabo user %s NAME", options->action);
		TRY(keyholder_open(context, call->state, &options->as, access_for(options), &holder));
		return actions[i].run(&holder, options);
	}
	return error_new(ERROR_USAGE, "engabo user cannot %s: add, list, disable, passwd, role or team",
		options->action);
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "the keyholder who does it", 0},
		{"role", 'r', "ROLE", 0, "coordinator, officer, provider or facilitator", 0},
		{"team", 't', "TEAM", 0, "the organisation within the office that they belong to", 0},
		{"passphrase-file", 'p', "FILE", 0, "the keyholder's passphrase (-: standard input)", 0},
		{"new-passphrase-file", 'n', "FILE", 0,
			"the person's new passphrase; without it seven words are made and shown once", 0},
		{"json", 'j', NULL, 0, "print the list as JSON", 0},
		{0},
	};
	static const struct argp argp = {words, parse,
		"add NAME\nlist\ndisable NAME\npasswd NAME\nrole NAME ROLE\nteam NAME TEAM",
		"The people of this hub.", NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	return change(call, &options);
}

const struct command command_user = {"user", "the people of this hub", run};
