/* Whom a record is sealed to: exactly the hubs that its "to" names, and the epoch's recovery recipient, each
 * once.
 *
 * All keys come from the roster that this process itself verified, so that no other role can slip one in.
 * Sealing is envelope.c's. Runs in intake and in office. */
#include "node/casework/recipients.h"

#include <string.h>

static bool is_there(const struct roster *roster, const struct member_keys *self, const char *log)
{
	const struct roster_member *member = roster ? roster_member(roster, log) : NULL;

	return strcmp(log, self->log) == 0 || (member && member->status == MEMBER_ACTIVE);
}

json_t *recipients_named(const struct roster *roster, const struct member_keys *self, const char *home)
{
	return recipients_shared(roster, self, home, roster ? roster->sharing : SHARING_FULL);
}

json_t *recipients_shared(const struct roster *roster, const struct member_keys *self, const char *home,
	enum sharing_policy sharing)
{
	bool is_own = strcmp(home, self->log) == 0, gets_it = is_there(roster, self, home);

	if (!roster || sharing == SHARING_FULL)
		return gets_it ? json_pack("[ss]", home, "hq") : json_pack("[s]", "hq");
	if (is_own || !gets_it)
		return json_pack("[s]", self->log);
	return json_pack("[ss]", home, self->log);
}

json_t *recipients_between(
	const struct roster *roster, const struct member_keys *self, const char *a, const char *b)
{
	json_t *to = json_array();

	if (is_there(roster, self, a))
		json_array_append_new(to, json_string(a));
	if (*b && strcmp(a, b) != 0 && is_there(roster, self, b))
		json_array_append_new(to, json_string(b));
	return to;
}

struct chosen {
	struct age_recipient *out;
	size_t count;
};

static const struct error *choose(struct chosen *chosen, const struct age_recipient *recipient)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (memcmp(chosen->out[i].key, recipient->key, AGE_KEY_LEN) == 0)
			return NULL;
	if (chosen->count == AGE_RECIPIENTS_MAX)
		return error_new(ERROR_INVALID, "to: more than %d hubs", AGE_RECIPIENTS_MAX);
	chosen->out[chosen->count++] = *recipient;
	return NULL;
}

static const struct error *choose_headquarters(struct chosen *chosen, const struct roster *roster)
{
	struct age_recipient hubs[ROSTER_MEMBERS_MAX];
	size_t count = roster_headquarters(roster, hubs, ROSTER_MEMBERS_MAX);

	for (size_t i = 0; i < count; i++)
		TRY(choose(chosen, &hubs[i]));
	return NULL;
}

static const struct error *choose_named(
	struct chosen *chosen, const char *name, const struct roster *roster, const struct member_keys *self)
{
	const struct roster_member *member;

	if (strcmp(name, "hq") == 0)
		return choose_headquarters(chosen, roster);
	if (strcmp(name, "all") == 0)
		return choose(chosen, &roster->coalition_recipient);
	if (strcmp(name, self->log) == 0)
		return choose(chosen, &self->recipient);
	member = roster_member(roster, name);
	if (!member || member->status != MEMBER_ACTIVE)
		return error_new(ERROR_NOT_FOUND, "to: %s is not an active hub of this coalition", name);
	return choose(chosen, &member->keys.recipient);
}

const struct error *recipients_of(const json_t *to, const struct roster *roster,
	const struct member_keys *self, struct age_recipient *out, size_t *count)
{
	struct chosen chosen = {out, 0};
	const json_t *name;
	size_t i;

	if (!roster) {
		TRY(choose(&chosen, &self->recipient));
		*count = chosen.count;
		return NULL;
	}
	json_array_foreach (to, i, name) {
		if (!json_is_string(name))
			return error_new(ERROR_INVALID, "to: not a list of hubs");
		TRY(choose_named(&chosen, json_string_value(name), roster, self));
	}
	if (!chosen.count)
		return error_new(ERROR_NOT_FOUND, "to: no hub that could read this");
	TRY(choose(&chosen, &roster->recovery));
	*count = chosen.count;
	return NULL;
}
