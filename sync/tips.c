/* The text of tips: see tips.h and PEERS.md. Pure but for the repository that it looks into; used by web's
 * standing.c, which shows ours, and by neighbours.c, which reads others'. */
#include "sync/tips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "sync/logs.h"
#include "sync/rosters.h"

#define FIRST "engabo tips 1\n"
#define FORKS "refs/forks/"
#define WORDS_MAX 5

/* ---- ours ---- */

static const struct error *read_log(struct repo *repo, const char *log, int epoch, struct tips *out)
{
	struct tips_log *one = &out->logs[out->log_count];
	struct log_tip tip;

	TRY(logs_tip(repo, log, epoch, &tip));
	if (!tip.seq)
		return NULL;
	snprintf(one->log, sizeof one->log, "%s", log);
	one->epoch = epoch;
	one->seq = tip.seq;
	one->oid = tip.oid;
	out->log_count++;
	return NULL;
}

static int compare_logs(const void *a, const void *b)
{
	return strcmp(((const struct tips_log *)a)->log, ((const struct tips_log *)b)->log);
}

static const struct error *read_logs(
	struct repo *repo, const struct roster *roster, const struct member_keys *self, struct tips *out)
{
	TRY(read_log(repo, self->log, self->epoch, out));
	for (size_t i = 0; roster && i < roster->member_count; i++)
		if (strcmp(roster->members[i].keys.log, self->log) != 0)
			TRY(read_log(repo, roster->members[i].keys.log, roster->members[i].keys.epoch, out));
	qsort(out->logs, out->log_count, sizeof *out->logs, compare_logs);
	return NULL;
}

/* "refs/forks/<log id>/<oid>", which come sorted. */
static const struct error *read_forks(struct repo *repo, struct tips *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char **names;
	size_t count;

	TRY(repo_refs(scratch, repo, FORKS, TIPS_FORKS_MAX, &names, &count));
	for (size_t i = 0; i < count; i++) {
		struct tips_fork *fork = &out->forks[out->fork_count];
		const char *name = names[i] + strlen(FORKS);

		if (strlen(name) != LOG_ID_SIZE - 1 + 1 + 2 * OID_LEN || name[LOG_ID_SIZE - 1] != '/')
			continue;
		memcpy(fork->log, name, LOG_ID_SIZE - 1);
		snprintf(fork->oid.hex, sizeof fork->oid.hex, "%s", name + LOG_ID_SIZE);
		out->fork_count++;
	}
	return NULL;
}

const struct error *tips_read(
	struct repo *log, const struct roster *roster, const struct member_keys *self, struct tips *out)
{
	memset(out, 0, sizeof *out);
	if (roster) {
		TRY(repo_ref(log, ROSTER_REF, &out->roster_at));
		out->roster = roster->version;
	}
	TRY(read_logs(log, roster, self, out));
	return read_forks(log, out);
}

/* ---- the text ---- */

struct bytes tips_print(const void *context, const struct tips *tips)
{
	struct buffer *text = buffer_new(context);

	buffer_text(text, FIRST);
	if (tips->roster)
		buffer_format(text, "roster %d %s\n", tips->roster, tips->roster_at.hex);
	for (size_t i = 0; i < tips->log_count; i++)
		buffer_format(text, "log %s %d %lld %s\n", tips->logs[i].log, tips->logs[i].epoch,
			(long long)tips->logs[i].seq, tips->logs[i].oid.hex);
	for (size_t i = 0; i < tips->fork_count; i++)
		buffer_format(text, "fork %s %s\n", tips->forks[i].log, tips->forks[i].oid.hex);
	return buffer_bytes(text);
}

static bool read_number(const char *word, uint64_t most, uint64_t *out)
{
	return !text_to_number(word, most, out) && *out;
}

static bool read_oid(const char *word, struct oid *out)
{
	uint8_t bytes[OID_LEN];

	if (text_from_hex(bytes, sizeof bytes, word))
		return false;
	snprintf(out->hex, sizeof out->hex, "%s", word);
	return true;
}

static bool read_id(const char *word, char out[static LOG_ID_SIZE])
{
	if (!ids_is_log(word))
		return false;
	snprintf(out, LOG_ID_SIZE, "%s", word);
	return true;
}

/* One line after the first. Order, and that there is nothing else, is left to tips_parse. */
static bool read_line(char *const words[static WORDS_MAX], size_t count, struct tips *out)
{
	struct tips_log *log = &out->logs[out->log_count];
	struct tips_fork *fork = &out->forks[out->fork_count];
	uint64_t epoch, number;

	if (count == 3 && strcmp(words[0], "roster") == 0) {
		if (!read_number(words[1], COMMIT_ROSTER_MAX, &number) ||
			!read_oid(words[2], &out->roster_at))
			return false;
		out->roster = (int)number;
		return true;
	}
	if (count == 5 && strcmp(words[0], "log") == 0) {
		if (out->log_count == TIPS_LOGS_MAX || !read_id(words[1], log->log) ||
			!read_number(words[2], COMMIT_EPOCH_MAX, &epoch) ||
			!read_number(words[3], (uint64_t)COMMIT_SEQ_MAX, &number) ||
			!read_oid(words[4], &log->oid))
			return false;
		log->epoch = (int)epoch;
		log->seq = (int64_t)number;
		out->log_count++;
		return true;
	}
	if (count != 3 || strcmp(words[0], "fork") != 0 || out->fork_count == TIPS_FORKS_MAX ||
		!read_id(words[1], fork->log) || !read_oid(words[2], &fork->oid))
		return false;
	out->fork_count++;
	return true;
}

static bool is_sorted(const struct tips *tips)
{
	for (size_t i = 1; i < tips->log_count; i++)
		if (strcmp(tips->logs[i - 1].log, tips->logs[i].log) >= 0)
			return false;
	for (size_t i = 1; i < tips->fork_count; i++) {
		int order = strcmp(tips->forks[i - 1].log, tips->forks[i].log);

		if (order > 0 ||
			(order == 0 && strcmp(tips->forks[i - 1].oid.hex, tips->forks[i].oid.hex) >= 0))
			return false;
	}
	return true;
}

const struct error *tips_parse(struct bytes text, struct tips *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct tips *tips = memory_new(scratch, struct tips);
	char *rest = memory_string_of(scratch, text.data, text.len), *line;
	bool is_good = text.len <= TIPS_SIZE_MAX && text_starts(rest, FIRST);
	struct bytes again;

	if (is_good)
		rest += strlen(FIRST);
	while (is_good && (line = strsep(&rest, "\n"))) {
		char *words[WORDS_MAX], *word;
		size_t count = 0;

		while (count < WORDS_MAX && (word = strsep(&line, " ")))
			words[count++] = word;
		is_good = rest ? !line && read_line(words, count, tips) : count == 1 && !*words[0];
	}
	/* There is one way to write it. */
	if (is_good) {
		again = tips_print(scratch, tips);
		is_good = is_sorted(tips) && again.len == text.len &&
			  memcmp(again.data, text.data, text.len) == 0;
	}
	if (!is_good)
		return error_new(ERROR_INVALID, "what it says of its logs cannot be understood");
	*out = *tips;
	return NULL;
}

/* ---- comparing ---- */

bool tips_have_more(const struct tips *theirs, struct repo *log, const struct roster *roster)
{
	repo_refresh(log);
	if (theirs->roster > (roster ? roster->version : 0) && !repo_has(log, &theirs->roster_at))
		return true;
	for (size_t i = 0; roster && i < theirs->log_count; i++) {
		const struct tips_log *one = &theirs->logs[i];
		const struct roster_member *member = roster_member(roster, one->log);

		if (member && member->keys.epoch == one->epoch && !repo_has(log, &one->oid))
			return true;
	}
	for (size_t i = 0; roster && i < theirs->fork_count; i++)
		if (roster_member(roster, theirs->forks[i].log) && !repo_has(log, &theirs->forks[i].oid))
			return true;
	return false;
}
