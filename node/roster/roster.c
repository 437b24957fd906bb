/* One version of the roster: who belongs to the coalition, by keys and numbers alone (see roster.h and this
 * folder's README).
 *
 * Here is what one version says and whether it makes sense by itself; whether it may follow the version
 * before, and who signed it, is chain.c's, and the names behind the keys are names.c's. The invariant: a
 * roster that was parsed has no key twice, a keeper that exists, and a headquarters that can read. Pure; runs
 * in every role and in commands. */
#include "node/roster/roster.h"

#include <string.h>

#include "node/base/text.h"

#define VERSION_MAX 1000000
#define KEY_LEN 32
#define KEYS_MAX (3 * ROSTER_MEMBERS_MAX + ROSTER_COORDINATORS_MAX + 2)

_Static_assert(KEY_LEN == SSHSIG_PUBLIC_LEN && KEY_LEN == AGE_KEY_LEN && KEY_LEN == DIGEST_LEN,
	"one list holds any kind of key");

static const char *const sharing_names[] = {
	[SHARING_FULL] = "full", [SHARING_SUMMARY] = "summary", [SHARING_NONE] = "none"};
#define SHARING_COUNT (sizeof sharing_names / sizeof *sharing_names)

static void digest_file(struct digest *digest, const char *name, struct bytes content)
{
	uint8_t one[DIGEST_LEN];

	digest_of(one, content);
	digest_add(digest, name, strlen(name) + 1);
	digest_add(digest, one, sizeof one);
}

void roster_digest(uint8_t out[static DIGEST_LEN], const struct roster_files *files)
{
	struct digest digest;

	digest_start(&digest);
	digest_file(&digest, "allowed_signers", files->allowed_signers);
	digest_file(&digest, "members.age", files->members);
	digest_file(&digest, "roster.json", files->json);
	digest_end(&digest, out);
}

/* Keys of one kind of use, to see that none stands there twice. */
struct keys {
	const uint8_t *at[KEYS_MAX];
	size_t count;
};

static const struct error *check_distinct(const struct keys *keys, const char *what)
{
	for (size_t i = 0; i < keys->count; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(keys->at[i], keys->at[j], KEY_LEN) == 0)
				return error_new(ERROR_INVALID, "%s stands there twice", what);
	return NULL;
}

/* A restored hub goes on under a new log id and signing key, with the other keys of the revoked one: so a
 * revoked member's signing key alone counts. */
static const struct error *check_keys(const struct roster *roster)
{
	struct keys signers = {.count = 0}, recipients = {.count = 0}, pins = {.count = 0};

	recipients.at[recipients.count++] = roster->recovery.key;
	recipients.at[recipients.count++] = roster->coalition_recipient.key;
	for (size_t i = 0; i < roster->coordinator_count; i++)
		signers.at[signers.count++] = roster->coordinators[i].key;
	for (size_t i = 0; i < roster->member_count; i++) {
		const struct member_keys *keys = &roster->members[i].keys;

		signers.at[signers.count++] = keys->sign.key;
		if (roster->members[i].status != MEMBER_ACTIVE)
			continue;
		signers.at[signers.count++] = keys->office.key;
		signers.at[signers.count++] = keys->ssh.key;
		recipients.at[recipients.count++] = keys->recipient.key;
		pins.at[pins.count++] = keys->tls;
	}
	TRY(check_distinct(&signers, "a signing key"));
	TRY(check_distinct(&recipients, "a recipient"));
	return check_distinct(&pins, "a TLS pin");
}

static const struct error *check_sense(const struct roster *roster)
{
	const struct roster_member *keeper = roster_member(roster, roster->keeper);

	if (roster->threshold > (int)roster->coordinator_count)
		return error_new(ERROR_INVALID, "the threshold is larger than the number of coordinators");
	for (size_t i = 0; i < roster->member_count; i++)
		if (roster_member(roster, roster->members[i].keys.log) != &roster->members[i])
			return error_new(
				ERROR_INVALID, "the log %s stands there twice", roster->members[i].keys.log);
	if (!keeper || keeper->status != MEMBER_ACTIVE || keeper->keys.role != MEMBER_HEADQUARTERS)
		return error_new(
			ERROR_INVALID, "the keeper %s is not an active headquarters hub", roster->keeper);
	return check_keys(roster);
}

static const struct error *get_recipient(const json_t *object, const char *name, struct age_recipient *out)
{
	const struct error *error;
	const char *text;

	TRY(json_get_string(object, name, AGE_RECIPIENT_SIZE - 1, &text));
	error = age_recipient_parse(out, text);
	return error ? error_wrap(error, "\"%s\"", name) : NULL;
}

static const struct error *parse_coordinators(const json_t *object, struct roster *out)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "coordinators", ROSTER_COORDINATORS_MAX, &list));
	json_array_foreach (list, i, entry) {
		const struct error *error;

		if (!json_is_string(entry))
			return error_new(ERROR_INVALID, "coordinator %zu is not a key", i + 1);
		error = sshsig_public_parse(json_string_value(entry), &out->coordinators[i]);
		if (error)
			return error_wrap(error, "coordinator %zu", i + 1);
	}
	out->coordinator_count = json_array_size(list);
	return NULL;
}

static const struct error *parse_last(const json_t *object, struct roster_member *out)
{
	uint8_t digest[DIGEST_LEN];
	const struct error *error;
	const char *text;
	json_t *last;

	TRY(json_get_object(object, "last", &last));
	TRY(json_get_integer(last, "seq", 0, INT64_MAX, &out->last_seq));
	TRY(json_get_string(last, "sha256", 2 * DIGEST_LEN, &text));
	if (out->last_seq == 0 && !*text)
		return NULL;
	error = text_from_hex(digest, sizeof digest, text);
	if (error)
		return error_wrap(error, "\"sha256\"");
	text_hex(out->last_commit, digest, sizeof digest);
	return NULL;
}

static const struct error *parse_member(const json_t *object, struct roster_member *out)
{
	const char *status;

	memset(out, 0, sizeof *out);
	TRY(member_keys_parse(object, &out->keys));
	TRY(json_get_string(object, "status", 20, &status));
	out->last_seq = -1;
	if (strcmp(status, "active") == 0) {
		out->status = MEMBER_ACTIVE;
		return json_object_get(object, "last")
			       ? error_new(ERROR_INVALID, "\"last\" belongs to a revoked log only")
			       : NULL;
	}
	if (strcmp(status, "revoked") != 0)
		return error_new(ERROR_INVALID, "\"status\" is neither active nor revoked");
	out->status = MEMBER_REVOKED;
	return parse_last(object, out);
}

static const struct error *parse_members(const json_t *object, struct roster *out)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "members", ROSTER_MEMBERS_MAX, &list));
	json_array_foreach (list, i, entry) {
		const struct error *error = parse_member(entry, &out->members[i]);

		if (error)
			return error_wrap(error, "member %zu", i + 1);
	}
	out->member_count = json_array_size(list);
	return NULL;
}

const struct error *roster_sharing_parse(const char *name, enum sharing_policy *out)
{
	for (size_t i = 0; i < SHARING_COUNT; i++)
		if (strcmp(name, sharing_names[i]) == 0) {
			*out = (enum sharing_policy)i;
			return NULL;
		}
	return error_new(ERROR_INVALID, "\"sharing\" is none of full, summary, none");
}

static const struct error *parse_sharing(const json_t *object, enum sharing_policy *out)
{
	const char *name;

	TRY(json_get_string(object, "sharing", 20, &name));
	return roster_sharing_parse(name, out);
}

static const struct error *parse_number(const json_t *object, const char *name, int most, int *out)
{
	int64_t value;

	TRY(json_get_integer(object, name, 1, most, &value));
	*out = (int)value;
	return NULL;
}

static const struct error *parse(const json_t *object, struct roster *out)
{
	const char *text;
	int form;

	TRY(parse_number(object, "v", VERSION_MAX, &form));
	if (form != 1)
		return error_new(ERROR_INVALID, "form %d is not known here; update engabo", form);
	TRY(parse_number(object, "version", VERSION_MAX, &out->version));
	TRY(json_get_string(object, "coalition", ULID_SIZE - 1, &text));
	if (!ids_is_ulid(text))
		return error_new(ERROR_INVALID, "\"coalition\" is not a ULID");
	memcpy(out->coalition, text, ULID_SIZE);
	TRY(parse_coordinators(object, out));
	TRY(parse_number(object, "threshold", ROSTER_COORDINATORS_MAX, &out->threshold));
	TRY(json_get_string(object, "keeper", LOG_ID_SIZE - 1, &text));
	memcpy(out->keeper, text, strlen(text) + 1);
	TRY(parse_sharing(object, &out->sharing));
	TRY(parse_number(object, "epoch", VERSION_MAX, &out->epoch));
	TRY(get_recipient(object, "recovery", &out->recovery));
	TRY(get_recipient(object, "coalition_recipient", &out->coalition_recipient));
	TRY(parse_members(object, out));
	return check_sense(out);
}

const struct error *roster_parse(struct bytes json, struct roster *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct roster *roster = memory_new(scratch, struct roster);
	json_t *object CLEANUP(json_decref) = NULL;
	const struct error *error = NULL;

	if (json.len > ROSTER_FILE_MAX)
		error = error_new(ERROR_INVALID, "larger than %d bytes", ROSTER_FILE_MAX);
	if (!error)
		error = json_object_parse(json, &object);
	if (!error)
		error = parse(object, roster);
	if (error)
		return error_wrap(error, "roster.json");
	*out = *roster;
	return NULL;
}

static json_t *print_member(const struct roster_member *member)
{
	json_t *object = json_object();

	member_keys_print(object, &member->keys);
	if (member->status == MEMBER_ACTIVE) {
		json_object_set_new(object, "status", json_string("active"));
		return object;
	}
	json_object_set_new(object, "status", json_string("revoked"));
	json_object_set_new(object, "last",
		json_pack("{s:I, s:s}", "seq", (json_int_t)member->last_seq, "sha256", member->last_commit));
	return object;
}

struct bytes roster_print(const void *context, const struct roster *roster)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *coordinators = json_array(), *members = json_array(), *object CLEANUP(json_decref) = NULL;
	char recovery[AGE_RECIPIENT_SIZE], coalition[AGE_RECIPIENT_SIZE];

	for (size_t i = 0; i < roster->coordinator_count; i++)
		json_array_append_new(
			coordinators, json_string(sshsig_public_text(scratch, &roster->coordinators[i])));
	for (size_t i = 0; i < roster->member_count; i++)
		json_array_append_new(members, print_member(&roster->members[i]));
	age_recipient_text(recovery, &roster->recovery);
	age_recipient_text(coalition, &roster->coalition_recipient);
	object = json_pack("{s:i, s:i, s:s, s:o, s:i, s:s, s:s, s:i, s:s, s:s, s:o}", "v", 1, "version",
		roster->version, "coalition", roster->coalition, "coordinators", coordinators, "threshold",
		roster->threshold, "keeper", roster->keeper, "sharing", sharing_names[roster->sharing],
		"epoch", roster->epoch, "recovery", recovery, "coalition_recipient", coalition, "members",
		members);
	return json_pretty(context, object);
}

struct bytes roster_allowed_signers(const void *context, const struct roster *roster)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *lines = buffer_new(context);

	for (size_t i = 0; i < roster->member_count; i++) {
		const struct member_keys *keys = &roster->members[i].keys;

		buffer_format(lines, "%s namespaces=\"git\" %s\n", keys->log,
			sshsig_public_text(scratch, &keys->sign));
	}
	return buffer_bytes(lines);
}

const struct roster_member *roster_member(const struct roster *roster, const char *log)
{
	for (size_t i = 0; i < roster->member_count; i++)
		if (strcmp(roster->members[i].keys.log, log) == 0)
			return &roster->members[i];
	return NULL;
}

size_t roster_headquarters(const struct roster *roster, struct age_recipient *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < roster->member_count && count < max; i++) {
		const struct roster_member *member = &roster->members[i];

		if (member->status == MEMBER_ACTIVE && member->keys.role == MEMBER_HEADQUARTERS)
			out[count++] = member->keys.recipient;
	}
	return count;
}
