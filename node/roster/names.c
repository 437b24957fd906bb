/* The names behind the keys: what members.age holds once it is opened (see roster.h).
 *
 * It also holds the coalition's identity, which opens what is sealed to all. That is a secret in the middle
 * of JSON: it is cut out before the JSON parser, which wipes nothing, sees the text, and put in after the
 * printer. Pure; runs in office and in commands, the only ones that can open it. */
#include "node/roster/roster.h"

#include <string.h>

#include "node/base/text.h"

#define MARK "AGE-SECRET-KEY-1"
#define IDENTITY_LEN 74 /* of its text: the mark and 58 characters */
#define IDENTITIES_MAX 16
#define NAME_MAX_LEN 240

/* Identities that were cut out: in the text stands "#00", "#01" ... at the start of each one's place. */
struct found {
	struct secret *identities[IDENTITIES_MAX];
	size_t count;
};

static void found_wipe(struct found *found)
{
	for (size_t i = 0; i < found->count; i++)
		secret_free(found->identities[i]);
}

static void cut_out(struct secret *text, struct found *found)
{
	char *at = (char *)text->data;

	while (found->count < IDENTITIES_MAX && (at = strstr(at, MARK)) && strlen(at) >= IDENTITY_LEN) {
		char behind = at[IDENTITY_LEN];
		const struct error *error;

		at[IDENTITY_LEN] = '\0';
		error = age_identity_parse(at, &found->identities[found->count]);
		at[IDENTITY_LEN] = behind;
		if (error) { /* a name that looks like one */
			at += strlen(MARK);
			continue;
		}
		memset(at, '-', IDENTITY_LEN);
		at[0] = '#';
		at[1] = (char)('0' + found->count / 10);
		at[2] = (char)('0' + found->count % 10);
		found->count++;
	}
}

static const struct error *get_name(const void *context, const json_t *object, const char *name, char **out)
{
	const char *text;

	TRY(json_get_string(object, name, NAME_MAX_LEN, &text));
	*out = memory_string(context, text);
	return NULL;
}

static const struct error *parse_hub(const void *context, const json_t *object, struct roster_name *out)
{
	const char *log;

	TRY(json_get_string(object, "log", LOG_ID_SIZE - 1, &log));
	if (!ids_is_log(log))
		return error_new(ERROR_INVALID, "\"log\" is not a log id");
	memcpy(out->log, log, LOG_ID_SIZE);
	TRY(get_name(context, object, "name", &out->name));
	TRY(get_name(context, object, "code", &out->code));
	if (!ids_is_code(out->code))
		return error_new(ERROR_INVALID, "\"code\" is not a hub's short code");
	return get_name(context, object, "region", &out->region);
}

static const struct error *parse_hubs(const json_t *object, struct roster_names *out)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "hubs", ROSTER_MEMBERS_MAX, &list));
	out->hubs = memory_array(out, struct roster_name, json_array_size(list));
	json_array_foreach (list, i, entry) {
		const struct error *error = parse_hub(out, entry, &out->hubs[i]);

		if (error)
			return error_wrap(error, "hub %zu", i + 1);
	}
	out->count = json_array_size(list);
	return NULL;
}

/* Which of those cut out belongs to the newest epoch. */
static const struct error *parse_identities(
	const json_t *object, const struct found *found, size_t *newest, int *epoch)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "identities", IDENTITIES_MAX, &list));
	*epoch = 0;
	json_array_foreach (list, i, entry) {
		const char *text;
		int64_t of;
		size_t at;

		TRY(json_get_integer(entry, "epoch", 1, INT32_MAX, &of));
		TRY(json_get_string(entry, "identity", IDENTITY_LEN, &text));
		at = text[0] == '#' && text[1] && text[2]
			     ? (size_t)(text[1] - '0') * 10 + (size_t)(text[2] - '0')
			     : found->count;
		if (at >= found->count)
			return error_new(ERROR_INVALID, "identity %zu is not an age identity", i + 1);
		if (of > *epoch) {
			*epoch = (int)of;
			*newest = at;
		}
	}
	return *epoch ? NULL : error_new(ERROR_INVALID, "there is no identity");
}

static const struct error *parse(struct bytes json, struct found *found, struct roster_names *out)
{
	json_t *object CLEANUP(json_decref) = NULL;
	int64_t version;
	size_t newest = 0;

	TRY(json_object_parse(json, &object));
	TRY(json_get_integer(object, "v", 1, 1, &version));
	TRY(get_name(out, object, "name", &out->coalition));
	TRY(parse_hubs(object, out));
	TRY(parse_identities(object, found, &newest, &out->epoch));
	out->identity = found->identities[newest];
	found->identities[newest] = NULL;
	return NULL;
}

const struct error *roster_names_parse(const void *context, struct bytes json, struct roster_names **out)
{
	struct secret *text CLEANUP(secret_free) = secret_copy(json.data, json.len);
	struct roster_names *names = memory_new(context, struct roster_names);
	struct found found = {.count = 0};
	const struct error *error;

	cut_out(text, &found);
	error = parse((struct bytes){text->data, text->len}, &found, names);
	found_wipe(&found);
	if (error) {
		memory_free(names);
		return error_wrap(error, "members.age");
	}
	*out = names;
	return NULL;
}

struct secret *roster_names_print(const struct roster_names *names)
{
	static const char end[] = "\"}]}";
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *identity CLEANUP(secret_free) = age_identity_text(names->identity);
	json_t *object CLEANUP(json_decref) = NULL, *hubs = json_array();
	char place[IDENTITY_LEN + 1];
	struct secret *text;
	struct bytes line;

	for (size_t i = 0; i < names->count; i++) {
		const struct roster_name *hub = &names->hubs[i];

		json_array_append_new(hubs, json_pack("{s:s, s:s, s:s, s:s}", "log", hub->log, "name",
						    hub->name, "code", hub->code, "region", hub->region));
	}
	memset(place, '-', IDENTITY_LEN);
	place[IDENTITY_LEN] = '\0';
	object = json_pack("{s:i, s:s, s:o, s:[{s:i, s:s}]}", "v", 1, "name", names->coalition, "hubs", hubs,
		"identities", "epoch", names->epoch, "identity", place);
	line = json_line(scratch, object);
	text = secret_copy(line.data, line.len);
	memcpy(text->data + text->len - strlen(end) - IDENTITY_LEN, identity->data, IDENTITY_LEN);
	return text;
}
