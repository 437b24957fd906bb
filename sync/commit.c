/* One commit of a hub's log as text: its message, the object around it, the signature in it (FORMAT.md).
 * Pure; used by every process that reads or writes a log.
 *
 * Leaves to check.c whether what it says is true. Guards: there is one way to write each commit. A reader
 * prints what it understood and compares, so that nothing can hide between the lines. */
#include "sync/commit.h"

#include <string.h>

#include "node/base/text.h"

int64_t commit_seconds(int64_t seq)
{
	return COMMIT_EPOCH_SECONDS + seq;
}

size_t commit_back_count(int64_t seq)
{
	size_t count = 0;

	while (count < COMMIT_BACK_MAX && (int64_t)1 << count < seq)
		count++;
	return count;
}

void commit_envelopes_add(struct digest *digest, const char *name, const uint8_t body[static DIGEST_LEN])
{
	digest_add(digest, name, strlen(name) + 1);
	digest_add(digest, body, DIGEST_LEN);
}

void commit_envelopes_digest(uint8_t out[static DIGEST_LEN], const struct commit_entry *entries, size_t count)
{
	uint8_t body[DIGEST_LEN];
	struct digest digest;

	digest_start(&digest);
	for (size_t i = 0; i < count; i++) {
		digest_of(body, entries[i].body);
		commit_envelopes_add(&digest, entries[i].name, body);
	}
	digest_end(&digest, out);
}

char *commit_message(const void *context, const struct log_commit *commit)
{
	struct buffer *text = buffer_new(context);
	char prev[2 * DIGEST_LEN + 1], envelopes[2 * DIGEST_LEN + 1];

	text_hex(prev, commit->prev, DIGEST_LEN);
	text_hex(envelopes, commit->envelopes, DIGEST_LEN);
	buffer_format(text,
		"engabo log 1\n\nLog: %s\nEpoch: %d\nSeq: %lld\nRoster: %d\nPrev-SHA256: "
		"%s\nEnvelopes-SHA256: %s\nBack:",
		commit->log, commit->epoch, (long long)commit->seq, commit->roster, prev, envelopes);
	for (size_t i = 0; i < commit->back_count; i++) {
		buffer_text(text, " ");
		buffer_text(text, commit->back[i].hex);
	}
	buffer_text(text, "\n");
	for (size_t i = 0; i < commit->ack_count; i++)
		buffer_format(text, "Ack: %s %d %lld\n", commit->acks[i].log, commit->acks[i].epoch,
			(long long)commit->acks[i].seq);
	return (char *)text->data;
}

/* Reading: each take_ moves `*at` behind what it took and is false where it is not there. What they let
 * through too easily, the comparison at the end does not. */
static bool take_text(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Exactly `len` characters that are not a line's or a word's end. */
static bool take_word(const char **at, char *out, size_t len)
{
	if (strcspn(*at, " \n") != len)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len;
	return true;
}

static bool take_number(const char **at, int64_t least, int64_t most, int64_t *out)
{
	char digits[20];
	uint64_t value;
	size_t len = strcspn(*at, " \n");

	if (len >= sizeof digits || !take_word(at, digits, len))
		return false;
	if (text_to_number(digits, (uint64_t)most, &value))
		return false;
	*out = (int64_t)value;
	return *out >= least;
}

static bool take_log(const char **at, char out[static LOG_ID_SIZE])
{
	return take_word(at, out, LOG_ID_SIZE - 1) && ids_is_log(out);
}

static bool take_oid(const char **at, struct oid *out)
{
	return take_word(at, out->hex, OID_SIZE - 1) && strspn(out->hex, "0123456789abcdef") == OID_SIZE - 1;
}

static bool take_digest(const char **at, uint8_t out[static DIGEST_LEN])
{
	char hex[2 * DIGEST_LEN + 1];

	return take_word(at, hex, 2 * DIGEST_LEN) && !text_from_hex(out, DIGEST_LEN, hex);
}

static bool take_back(const char **at, struct log_commit *out)
{
	while (take_text(at, " ")) {
		if (out->back_count == COMMIT_BACK_MAX || !take_oid(at, &out->back[out->back_count]))
			return false;
		out->back_count++;
	}
	return take_text(at, "\n") && out->back_count == commit_back_count(out->seq);
}

/* One line a log, in the order of their ids. */
static bool take_acks(const char **at, struct log_commit *out)
{
	while (take_text(at, "Ack: ")) {
		struct commit_ack *ack = &out->acks[out->ack_count];
		int64_t epoch;

		if (out->ack_count == COMMIT_ACKS_MAX || !take_log(at, ack->log) || !take_text(at, " ") ||
			!take_number(at, 1, COMMIT_EPOCH_MAX, &epoch) || !take_text(at, " ") ||
			!take_number(at, 1, COMMIT_SEQ_MAX, &ack->seq) || !take_text(at, "\n"))
			return false;
		ack->epoch = (int)epoch;
		if (out->ack_count && strcmp(ack[-1].log, ack->log) >= 0)
			return false;
		out->ack_count++;
	}
	return true;
}

static bool take_message(const char *at, struct log_commit *out)
{
	int64_t epoch, roster;

	if (!take_text(&at, "engabo log 1\n\nLog: ") || !take_log(&at, out->log) ||
		!take_text(&at, "\nEpoch: ") || !take_number(&at, 1, COMMIT_EPOCH_MAX, &epoch) ||
		!take_text(&at, "\nSeq: ") || !take_number(&at, 1, COMMIT_SEQ_MAX, &out->seq) ||
		!take_text(&at, "\nRoster: ") || !take_number(&at, 0, COMMIT_ROSTER_MAX, &roster) ||
		!take_text(&at, "\nPrev-SHA256: ") || !take_digest(&at, out->prev) ||
		!take_text(&at, "\nEnvelopes-SHA256: ") || !take_digest(&at, out->envelopes) ||
		!take_text(&at, "\nBack:"))
		return false;
	out->epoch = (int)epoch;
	out->roster = (int)roster;
	return take_back(&at, out) && take_acks(&at, out) && !*at;
}

const struct error *commit_parse(const char *message, struct log_commit *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct log_commit *commit = memory_new(scratch, struct log_commit);

	if (!text_starts(message, "engabo log 1\n"))
		return error_new(ERROR_INVALID, "its message is not of the kind \"engabo log 1\"");
	if (!take_message(message, commit) || strcmp(commit_message(scratch, commit), message) != 0)
		return error_new(ERROR_INVALID, "its message is malformed");
	*out = *commit;
	return NULL;
}

struct bytes commit_frame(const void *context, const char *log, int64_t seconds, const struct oid *tree,
	const struct oid *parent, const char *message)
{
	struct buffer *text = buffer_new(context);

	buffer_format(text, "tree %s\n", tree->hex);
	if (parent)
		buffer_format(text, "parent %s\n", parent->hex);
	buffer_format(text, "author %s <%s@engabo.invalid> %lld +0000\n", log, log, (long long)seconds);
	buffer_format(text, "committer %s <%s@engabo.invalid> %lld +0000\n\n", log, log, (long long)seconds);
	buffer_text(text, message);
	return buffer_bytes(text);
}

struct bytes commit_with_signature(const void *context, struct bytes frame, const char *armor)
{
	const char *text = (const char *)frame.data, *headers_end = strstr(text, "\n\n") + 1;
	struct buffer *raw = buffer_new(context);
	size_t headers = (size_t)(headers_end - text);

	buffer_add(raw, text, headers);
	buffer_text(raw, "gpgsig");
	for (const char *line = armor; *line;) {
		size_t len = strcspn(line, "\n");

		buffer_text(raw, " ");
		buffer_add(raw, line, len);
		buffer_text(raw, "\n");
		line += len + (line[len] == '\n');
	}
	buffer_add(raw, headers_end, frame.len - headers);
	return buffer_bytes(raw);
}

struct bytes commit_raw(const void *context, const struct log_commit *commit, const struct oid *tree,
	const struct oid *parent, const struct secret *sign)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes frame = commit_frame(scratch, commit->log, commit_seconds(commit->seq), tree, parent,
		commit_message(scratch, commit));

	return commit_with_signature(context, frame, sshsig_sign(scratch, sign, "git", frame));
}

const struct error *commit_is_framed(const struct raw_commit *raw, struct bytes frame)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes again;

	if (raw->signed_part.len != frame.len || memcmp(raw->signed_part.data, frame.data, frame.len) != 0)
		return error_new(ERROR_INVALID, "its author, committer or headers are not as they must be");
	if (!raw->signature)
		return error_new(ERROR_DENIED, "it is not signed");
	again = commit_with_signature(scratch, frame, raw->signature);
	if (raw->raw.len != again.len || memcmp(raw->raw.data, again.data, again.len) != 0)
		return error_new(ERROR_INVALID, "its signature is not where git puts it");
	return NULL;
}

bool commit_entry_name(const char *name, size_t index, char *kind, char mailbox[static 33])
{
	char expected[64], id[33] = "";
	uint8_t bytes[16];

	if (name[0] == 'm' && name[1] == '-') {
		if (strlen(name) < 2 + 32)
			return false;
		memcpy(id, name + 2, 32);
		if (text_from_hex(bytes, sizeof bytes, id))
			return false;
		snprintf(expected, sizeof expected, "m-%s-%04zu.age", id, index);
	} else if (name[0] == 'i' || name[0] == 'o') {
		snprintf(expected, sizeof expected, "%c-%04zu.age", name[0], index);
	} else {
		return false;
	}
	if (strcmp(name, expected) != 0)
		return false;
	*kind = name[0];
	memcpy(mailbox, id, sizeof id);
	return true;
}
