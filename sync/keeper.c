/* A new roster version on its way from the coordinator who signed it (engabo admit) to the roster's branch,
 * which the sync role of the keeper hub writes.
 *
 * Leaves who must have signed to node/roster. Guards: the role checks the version itself, from its own
 * trust.json; a command's word is not enough. The files are handed over in run/, which only the hub's own
 * user can read or write, because they may be larger than a request. */
#include "sync/hub.h"

#include <string.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/vault/encoding.h"
#include "sync/rosters.h"

#define HANDED_OVER "run/roster.json"
#define HANDED_OVER_MAX (4 * 1024 * 1024)
#define SIGNATURES_MAX (2 * ROSTER_COORDINATORS_MAX)
#define CALL_MS 60000

static struct bytes print(const void *context, int version, const struct roster_files *files)
{
	json_t *signatures = json_array();
	json_t *object CLEANUP(json_decref) =
		json_pack("{sissssssso}", "version", version, "json", encoding_base64(context, files->json),
			"allowed_signers", encoding_base64(context, files->allowed_signers), "members",
			encoding_base64(context, files->members), "signatures", signatures);

	for (size_t i = 0; i < files->signature_count; i++)
		json_array_append_new(
			signatures, json_pack("{ssss}", "fingerprint", files->signatures[i].fingerprint,
					    "armor", files->signatures[i].armor));
	return json_line(context, object);
}

static const struct error *take_file(
	const void *context, const json_t *object, const char *name, struct bytes *out)
{
	const char *text;

	TRY(json_get_string(object, name, 2 * ROSTER_FILE_MAX, &text));
	return encoding_from_base64(context, text, out);
}

static const struct error *parse(
	const void *context, const json_t *object, int *version, struct roster_files *out)
{
	json_t *signatures, *signature;
	int64_t number;
	size_t i;

	TRY(json_get_integer(object, "version", 1, 1000000, &number));
	TRY(take_file(context, object, "json", &out->json));
	TRY(take_file(context, object, "allowed_signers", &out->allowed_signers));
	TRY(take_file(context, object, "members", &out->members));
	TRY(json_get_array(object, "signatures", SIGNATURES_MAX, &signatures));
	out->signature_count = json_array_size(signatures);
	out->signatures = memory_array(context, struct roster_signature, out->signature_count);
	json_array_foreach (signatures, i, signature) {
		const char *fingerprint, *armor;

		TRY(json_get_string(signature, "fingerprint", 128, &fingerprint));
		TRY(json_get_string(signature, "armor", 4096, &armor));
		out->signatures[i].fingerprint = memory_string(context, fingerprint);
		out->signatures[i].armor = memory_string(context, armor);
	}
	*version = (int)number;
	return NULL;
}

static const struct error *read_handed_over(
	const void *context, const char *path, int *version, struct roster_files *files)
{
	json_t *object CLEANUP(json_decref) = NULL;
	struct bytes text;

	TRY(files_read(context, path, HANDED_OVER_MAX, &text));
	TRY(json_object_parse(text, &object));
	return parse(context, object, version, files);
}

static const struct error *append(
	const void *context, struct hub *hub, int version, const struct roster_files *files)
{
	const char *self = hub->trust.self.log;
	const struct roster *newest;
	struct roster_chain *chain;

	TRY(hub_refresh(hub));
	TRY(rosters_load(context, hub->log, &hub->trust, 0, &chain));
	newest = roster_chain_newest(chain);
	if (newest && strcmp(newest->keeper, self) != 0)
		return error_new(ERROR_DENIED, "only the keeper hub %s commits the roster", newest->keeper);
	if (version != (newest ? newest->version + 1 : 1))
		return error_new(ERROR_CONFLICT,
			"roster version %d does not follow version %d, which is here", version,
			newest ? newest->version : 0);
	TRY(roster_chain_add(chain, files));
	TRY(rosters_append(hub->log, version, files, self, hub->sign));
	return hub_refresh(hub);
}

const struct error *round_roster_take(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, hub->home, HANDED_OVER);
	struct roster_files files = {0};
	const struct error *error;
	int version;

	error = read_handed_over(scratch, path, &version, &files);
	unlink(path);
	return error ? error : append(scratch, hub, version, &files);
}

static const struct error *take_here(struct home *home)
{
	struct hub *hub CLEANUP(hub_close) = NULL;

	TRY(hub_open(NULL, home, &hub));
	return round_roster_take(hub);
}

const struct error *round_roster(struct home *home, int version, const struct roster_files *files)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "roster"),
			*reply CLEANUP(json_decref) = NULL;
	char *path = home_file(scratch, home, HANDED_OVER);
	const struct error *error;
	bool is_down = false;

	TRY(files_write(path, print(scratch, version, files), 0600));
	error = hub_call(home, request, CALL_MS, &reply, &is_down);
	if (!error && is_down)
		error = take_here(home);
	unlink(path);
	return error;
}
