/* Pieces of logs on a stick that git cannot use as a repository: reading them like a remote, adding what they
 * lack. How a case gets to Kampala in a pocket.
 *
 * Leaves a piece's own form to piece.c, packs to the git program, every rule for what came to round.c.
 * Guards: what others left is neither changed nor removed; a piece appears under its name only when it is
 * whole and on the stick; what a stick has is counted from pieces that are whole and follow each other from
 * the first, so that a lost one is written again. Runs in sync, or in a command that holds its lock. */
#include "sync/pieces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "sync/check.h"
#include "sync/piece.h"
#include "sync/rosters.h"

#define PIECES_MAX 4096
#define REFS_MAX 8192
#define COMMITS_MAX 512 /* a piece is this many commits at most, */
#define SIZE_GOAL                                                                                            \
	((size_t)8 << 20) /* and of several together not much larger than this: it is made in memory, and a  \
			     pull costs one piece */
#define SIZE_MAX_OF_ONE ((size_t)32 << 20) /* one commit holds 256 envelopes of 64 KiB at most */
#define FORKS "refs/forks/"
#define ROSTER_BEGINNING "engabo roster 1\n\nVersion: "
#define FETCH_OUTPUT_MAX 65536

struct found {
	struct piece piece;
	int before;   /* the one whose tip it goes on from; -1: none here */
	bool is_done; /* tried */
};

struct pieces {
	const void *context;
	struct hub *hub;
	const struct transport *transport;
	const char *folder, *name;
	struct found *list;
	size_t count;
	json_t *skipped;
};

static bool is_over(const struct pieces *pieces)
{
	return pieces->transport->stop && *pieces->transport->stop;
}

static void skip(struct pieces *pieces, const char *file, const char *reason)
{
	json_array_append_new(pieces->skipped, json_pack("{ssss}", "file", file, "reason", reason));
}

static const struct error *is_in(struct repo *repo, const struct oid *oid, bool *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct raw_commit raw;

	error = repo_commit(scratch, repo, oid, &raw);
	*out = !error;
	return error && error->code != ERROR_NOT_FOUND && error->code != ERROR_INVALID ? error : NULL;
}

/* Of a commit of the roster; 0 when it is none. */
static int64_t version_of(const char *message)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *number = message + strlen(ROSTER_BEGINNING);
	uint64_t version;

	if (!text_starts(message, ROSTER_BEGINNING) ||
		text_to_number(memory_string_of(scratch, number, strcspn(number, "\n")), COMMIT_ROSTER_MAX,
			&version))
		return 0;
	return (int64_t)version;
}

/* How far a commit is on its branch: Seq, or the roster's version; 1 for a fork's tip, 0 for what is none of
 * that branch. A log's must be signed by its hub: else a stranger's would hide a good one that goes less far.
 */
static int64_t place_of(
	const struct pieces *pieces, struct repo *repo, const char *ref, const struct oid *oid)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct log_commit *commit = memory_new(scratch, struct log_commit);
	const struct roster *roster = hub_roster(pieces->hub);
	const struct member_keys *keys = &pieces->hub->trust.self;
	const struct roster_member *member;
	char log[LOG_ID_SIZE];
	const struct error *error;
	struct raw_commit raw;
	int epoch;

	error = repo_commit(scratch, repo, oid, &raw);
	if (error)
		return 0;
	if (strcmp(ref, ROSTER_REF) == 0)
		return version_of(raw.message);
	if (!logs_ref_parse(ref, log, &epoch))
		return 1;
	error = commit_parse(raw.message, commit);
	if (error || strcmp(commit->log, log) != 0 || commit->epoch != epoch)
		return 0;
	member = roster ? roster_member(roster, log) : NULL;
	if (member)
		keys = &member->keys;
	if (strcmp(keys->log, log) != 0) /* a roster that comes along may know it */
		return commit->seq;
	if (!raw.signature || sshsig_verify(raw.signature, &keys->sign, "git", raw.signed_part))
		return 0;
	return commit->seq;
}

/* ---- what lies there ---- */

static const struct error *look(struct pieces *pieces, const char *name)
{
	struct found *found = &pieces->list[pieces->count];
	const struct error *error = piece_look(pieces->folder, name, pieces->transport->room, &found->piece);

	if (error && error->code == ERROR_FULL)
		return error;
	if (error)
		skip(pieces, name, error->message);
	else
		pieces->count++;
	return NULL;
}

static const struct error *look_at_all(struct pieces *pieces, char **problem)
{
	DIR *directory = opendir(pieces->folder);
	const struct error *error = NULL;
	struct dirent *entry;

	pieces->list = memory_array(pieces->context, struct found, PIECES_MAX);
	if (!directory) {
		*problem =
			memory_format(pieces->context, "%s: it cannot be read (%s); is the stick plugged in?",
				pieces->folder, strerror(errno));
		return NULL;
	}
	while (!error && !is_over(pieces) && (entry = readdir(directory))) {
		if (!piece_is_name(entry->d_name))
			continue;
		if (pieces->count + json_array_size(pieces->skipped) == PIECES_MAX) {
			*problem = memory_format(pieces->context,
				"%s: it holds more than %d pieces; take another stick, or an empty folder on "
				"it",
				pieces->folder, PIECES_MAX);
			break;
		}
		error = look(pieces, entry->d_name);
	}
	closedir(directory);
	return error;
}

static void link_up(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++) {
		struct found *found = &pieces->list[i];

		found->before = -1;
		for (size_t j = 0; *found->piece.after.hex && j < pieces->count; j++)
			if (strcmp(pieces->list[j].piece.tip.hex, found->piece.after.hex) == 0)
				found->before = (int)j;
	}
}

/* ---- reading ---- */

/* "refs/heads/log/..." is refs/inbox/<name>/log/... in quarantine. */
static char *inbox_ref(const void *context, const struct pieces *pieces, const char *ref)
{
	const char *below =
		text_starts(ref, "refs/heads/") ? ref + strlen("refs/heads/") : ref + strlen("refs/");

	return memory_format(context, "refs/inbox/%s/%s", pieces->name, below);
}

/* What an earlier round showed: perhaps of another stick. */
static const struct error *forget_refs(struct pieces *pieces)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char **names;
	size_t count;

	TRY(repo_refs(scratch, pieces->hub->inbox, memory_format(scratch, "refs/inbox/%s/", pieces->name),
		REFS_MAX, &names, &count));
	for (size_t i = 0; i < count; i++)
		TRY(repo_ref_delete(pieces->hub->inbox, names[i]));
	return NULL;
}

static const struct error *unpack(struct pieces *pieces, const struct piece *piece, bool *taken)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *argv[] = {"git", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
		"--no-recurse-submodules", "--no-auto-maintenance",
		memory_format(scratch, "%s/%s", pieces->folder, piece->name), piece->ref, NULL};
	struct transport_job job = {.repository = "inbox.git", .argv = argv, .output_max = FETCH_OUTPUT_MAX};
	struct child_result result;

	TRY(transport_git(scratch, pieces->transport, &job, &result));
	*taken = !result.status && !result.timed_out;
	if (!*taken && !is_over(pieces))
		skip(pieces, piece->name, transport_explain(scratch, &result, "it cannot be unpacked"));
	return NULL;
}

/* The branch shows whichever of its tips goes farthest. */
static const struct error *show(struct pieces *pieces, const struct piece *piece)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct repo *inbox = pieces->hub->inbox;
	char *ref = inbox_ref(scratch, pieces, piece->ref);
	int64_t place = place_of(pieces, inbox, piece->ref, &piece->tip);
	const struct error *error;
	struct oid before;

	if (!place) {
		skip(pieces, piece->name, "its tip is not by the hub that it names");
		return NULL;
	}
	error = repo_ref(inbox, ref, &before);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (!error && place_of(pieces, inbox, piece->ref, &before) >= place)
		return NULL;
	return repo_ref_set(inbox, ref, &piece->tip, error ? NULL : &before);
}

static const struct error *take(struct pieces *pieces, struct found *found)
{
	const struct piece *piece = &found->piece;
	bool here, follows = true;

	found->is_done = true;
	TRY(is_in(pieces->hub->log, &piece->tip, &here));
	if (!here && *piece->after.hex)
		TRY(is_in(pieces->hub->inbox, &piece->after, &follows));
	if (!follows) {
		skip(pieces, piece->name, "what it goes on from is not here yet");
		return NULL;
	}
	if (!here)
		TRY(unpack(pieces, piece, &here));
	return here ? show(pieces, piece) : NULL;
}

/* Those that it goes on from first. */
static const struct error *take_in_order(struct pieces *pieces, size_t last, int *waiting)
{
	size_t depth = 0;

	for (int at = (int)last; at >= 0 && depth < pieces->count && !pieces->list[at].is_done;
		at = pieces->list[at].before)
		waiting[depth++] = at;
	while (depth && !is_over(pieces)) {
		struct found *found = &pieces->list[waiting[--depth]];

		if (!found->is_done) /* pieces in a ring */
			TRY(take(pieces, found));
	}
	return NULL;
}

const struct error *pieces_fetch(const void *context, struct hub *hub, const struct transport *transport,
	const char *folder, const char *name, json_t *skipped, struct pieces **out, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct pieces *pieces = memory_new(context, struct pieces);
	int *waiting;

	*pieces = (struct pieces){.context = context,
		.hub = hub,
		.transport = transport,
		.folder = folder,
		.name = name,
		.skipped = skipped};
	*problem = NULL;
	TRY(forget_refs(pieces));
	TRY(look_at_all(pieces, problem));
	link_up(pieces);
	waiting = memory_array(scratch, int, pieces->count + 1);
	for (size_t i = 0; i < pieces->count && !*problem; i++)
		TRY(take_in_order(pieces, i, waiting));
	*out = pieces;
	return NULL;
}

/* ---- adding ---- */

/* How far the stick has a branch, of what we know to be good and without a gap; `at` "": not at all. */
struct reach {
	struct oid at;
	int64_t place;
};

static struct reach reach_of(const struct pieces *pieces, const char *ref)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t(*places)[2] = memory_zeroed_array(scratch, sizeof *places, pieces->count + 1, "places");
	struct reach reach = {.place = 0};
	bool moved = true;

	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->list[i].piece;

		if (strcmp(piece->ref, ref) != 0)
			continue;
		places[i][1] = place_of(pieces, pieces->hub->log, ref, &piece->tip);
		places[i][0] = *piece->after.hex ? place_of(pieces, pieces->hub->log, ref, &piece->after) : 0;
		if (*piece->after.hex && !places[i][0])
			places[i][1] = 0; /* it goes on from nothing of ours */
	}
	while (moved) {
		moved = false;
		for (size_t i = 0; i < pieces->count; i++)
			if (places[i][1] > reach.place && places[i][0] <= reach.place) {
				reach = (struct reach){pieces->list[i].piece.tip, places[i][1]};
				moved = true;
			}
	}
	return reach;
}

/* The commits behind `after` up to `tip`, newest first, on `context`; those of a fork from the first on. */
static const struct error *walk(const void *context, struct repo *repo, const struct oid *tip,
	const struct oid *after, struct oid **out, size_t *count)
{
	struct oid *list = NULL, at = *tip;
	size_t found = 0, room = 0;

	while (*at.hex && strcmp(at.hex, after->hex) != 0) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct raw_commit raw;

		if (found == room) {
			room = room ? 2 * room : 256;
			list = memory_resize(context, list, struct oid, room);
		}
		list[found++] = at;
		TRY(repo_commit(scratch, repo, &at, &raw));
		at = raw.parent_count ? raw.parents[0] : (struct oid){""};
	}
	*out = list;
	*count = found;
	return NULL;
}

static const struct error *pack(const void *context, const struct pieces *pieces, const struct piece *piece,
	size_t max, struct bytes *out)
{
	static const char *const argv[] = {"git", "pack-objects", "--revs", "--stdout", "--quiet", NULL};
	char *wanted = memory_format(context, "%s\n%s%s%s", piece->tip.hex, *piece->after.hex ? "^" : "",
		piece->after.hex, *piece->after.hex ? "\n" : "");
	struct transport_job job = {.repository = "log.git",
		.argv = argv,
		.input = {(const uint8_t *)wanted, strlen(wanted)},
		.output_max = max};
	struct child_result result;

	TRY(transport_git(context, pieces->transport, &job, &result));
	if (result.status || result.timed_out)
		return error_new(ERROR_SYSTEM, "%s",
			transport_explain(context, &result, "a piece for the stick cannot be made"));
	*out = result.output;
	return NULL;
}

static const char *write_problem(int errno_value)
{
	switch (errno_value) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "the stick is full, so not all of what it lacks is on it; what is on it is whole. "
		       "Take "
		       "one with more room";
	case EROFS:
	case EACCES:
	case EPERM:
		return "it can be read but not written; is the stick write-protected?";
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EIO:
		return "it was pulled out, or is damaged; what was on it before is whole. Put it in again, "
		       "or "
		       "take another one";
	default:
		return strerror(errno_value);
	}
}

/* 0, or an errno. */
static int write_all(int fd, struct bytes bytes)
{
	while (bytes.len) {
		ssize_t done = write(fd, bytes.data, bytes.len);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0) {
			bytes.data += done;
			bytes.len -= (size_t)done;
		}
	}
	return 0;
}

/* Not by files_write: FAT knows no modes, and what a pull leaves must have one name. */
static int write_whole(const char *part, const char *path, struct bytes header, struct bytes content)
{
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644), failed;

	if (fd < 0)
		return errno;
	failed = write_all(fd, header);
	if (!failed)
		failed = write_all(fd, content);
	if (!failed && fsync(fd) < 0)
		failed = errno;
	if (close(fd) < 0 && !failed)
		failed = errno;
	if (!failed && rename(part, path) < 0)
		failed = errno;
	if (failed)
		unlink(part);
	return failed;
}

static const struct error *add(
	struct pieces *pieces, struct piece *piece, struct bytes content, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes header = piece_header(scratch, piece);
	struct digest_stream *stream = digest_stream_new(scratch);
	uint8_t sha256[DIGEST_LEN];
	char part[PIECE_NAME_SIZE];
	const struct error *error;
	int failed;

	digest_stream_add(stream, header);
	digest_stream_add(stream, content);
	digest_stream_end(stream, sha256);
	piece_name(piece->name, sha256);
	piece_part_name(part, pieces->hub->trust.self.log);
	failed = write_whole(memory_format(scratch, "%s/%s", pieces->folder, part),
		memory_format(scratch, "%s/%s", pieces->folder, piece->name), header, content);
	error = failed ? NULL : files_sync_directory(pieces->folder);
	if (failed || error)
		*problem = memory_format(
			pieces->context, "%s: %s", pieces->folder, write_problem(failed ? failed : EIO));
	return NULL;
}

struct sending {
	const char *ref;
	struct oid after;   /* the stick has it up to here */
	struct oid *newest; /* what it lacks, newest first, */
	size_t left;	    /* so many; they are taken from the end */
	int64_t *sent, *records;
};

/* As many as fit into one piece, the oldest first. */
static const struct error *send_some(struct pieces *pieces, struct sending *sending, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	size_t count = sending->left < COMMITS_MAX ? sending->left : COMMITS_MAX;
	bool is_roster = strcmp(sending->ref, ROSTER_REF) == 0;
	struct piece piece = {.after = sending->after};
	const struct error *error;
	struct bytes content;

	snprintf(piece.ref, sizeof piece.ref, "%s", sending->ref);
	for (;;) {
		piece.tip = sending->newest[sending->left - count];
		error = pack(scratch, pieces, &piece, count > 1 ? SIZE_GOAL : SIZE_MAX_OF_ONE, &content);
		if (!error || error->code != ERROR_INVALID || count == 1)
			break;
		count /= 2;
	}
	if (error)
		return error;
	TRY(add(pieces, &piece, content, problem));
	if (*problem)
		return NULL;
	sending->left -= count;
	sending->after = piece.tip;
	if (!is_roster) {
		*sending->sent += (int64_t)count;
		TRY(logs_envelopes(pieces->hub->log, &piece.tip, (int64_t)count, sending->records));
	}
	return NULL;
}

/* For the table of what a remote has. */
static const struct error *note_reach(struct pieces *pieces, const char *ref, const struct oid *at)
{
	char log[LOG_ID_SIZE];
	struct log_tip tip;
	int epoch;

	if (!*at->hex || !logs_ref_parse(ref, log, &epoch))
		return NULL;
	TRY(check_tip_at(pieces->hub->log, at, &tip));
	return state_reach_set(pieces->hub->db, pieces->name, log, epoch, tip.seq, tip.seq);
}

static const struct error *send_branch(
	struct pieces *pieces, const char *ref, int64_t *sent, int64_t *records, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct reach reach = reach_of(pieces, ref);
	struct sending sending = {.ref = ref, .after = reach.at, .sent = sent, .records = records};
	struct oid tip;

	TRY(repo_ref(pieces->hub->log, ref, &tip));
	if (place_of(pieces, pieces->hub->log, ref, &tip) <= reach.place)
		return NULL;
	TRY(walk(scratch, pieces->hub->log, &tip, &reach.at, &sending.newest, &sending.left));
	while (sending.left && !*problem && !is_over(pieces))
		TRY(send_some(pieces, &sending, problem));
	return note_reach(pieces, ref, &sending.after);
}

const struct error *pieces_push(struct pieces *pieces, int64_t *sent, int64_t *records, char **problem)
{
	static const char *const prefixes[] = {ROSTER_REF, LOG_REFS, FORKS};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		char **names;
		size_t count;

		TRY(repo_refs(scratch, pieces->hub->log, prefixes[i], REFS_MAX, &names, &count));
		for (size_t j = 0; j < count && !*problem && !is_over(pieces); j++)
			TRY(send_branch(pieces, names[j], sent, records, problem));
	}
	return NULL;
}
