/* How far records got, as pages tell it, and that something was opened here. Which commit holds what, and who
 * acknowledged it, is node/casework/arrival's.
 *
 * "Nothing is said that is not known": left is what this hub's own sync saw at a remote, which anybody there
 * may lose again; arrived is what the other hub signed; opened is what its office wrote when a person looked.
 * An opening is no change of the record, so that no opening ever makes another. Office role. */
#include "web/office/told.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/arrival.h"
#include "node/casework/lists.h"
#include "node/casework/referral.h"
#include "sync/state.h"
#include "web/office/readers.h"
#include "web/office/write.h"

enum way { WAY_HERE, WAY_LEFT, WAY_ARRIVED, WAY_OPENED, WAYS };

/* Where a record is shown, and where what was said of it lies. */
struct about {
	const char *page, *key; /* page: NULL where openings are not told */
	struct arrival_place place;
};

static const struct error *has_left(struct visit *visit, const struct arrival_place *place, bool *out)
{
	struct db *sync = office_sync_db(visit->office);
	int64_t seq = 0;

	if (sync && place->seq)
		TRY(state_left(sync, visit->office->trust.self.log, place->epoch, &seq));
	*out = place->seq && seq >= place->seq;
	return NULL;
}

/* As far as one hub goes. */
static const struct error *way_to(
	struct visit *visit, const struct about *about, const char *hub, enum way *out)
{
	struct casefile *file = visit->office->file;
	bool is_so = false;

	if (about->page)
		TRY(arrival_is_opened(file, visit->office->trust.self.log, hub, about->page, about->key,
			&about->place, &is_so));
	*out = WAY_OPENED;
	if (is_so)
		return NULL;
	TRY(arrival_has(file, hub, &about->place, &is_so));
	*out = WAY_ARRIVED;
	if (is_so)
		return NULL;
	TRY(has_left(visit, &about->place, &is_so));
	*out = is_so ? WAY_LEFT : WAY_HERE;
	return NULL;
}

/* Of one name in an event's "to": of several headquarters the one where it got farthest. *is_there: there is
 * such a hub beside this one. */
static const struct error *way_to_reader(
	struct visit *visit, const struct about *about, const char *whom, enum way *out, bool *is_there)
{
	const struct roster *roster = readers_roster(visit->office);
	bool is_headquarters = strcmp(whom, "hq") == 0;

	*is_there = false;
	*out = WAY_HERE;
	for (size_t i = 0; roster && i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];
		const char *log = member->keys.log;
		enum way way;

		if (member->status != MEMBER_ACTIVE || strcmp(log, visit->office->trust.self.log) == 0 ||
			(is_headquarters ? member->keys.role != MEMBER_HEADQUARTERS : strcmp(log, whom) != 0))
			continue;
		TRY(way_to(visit, about, log, &way));
		*is_there = true;
		*out = way > *out ? way : *out;
	}
	return NULL;
}

/* ---- in words ---- */

static const char *words_of(struct visit *visit, enum way way, bool may_be_opened, const char *whom)
{
	switch (way) {
	case WAY_HERE:
		return memory_format(visit->context,
			say(visit->request, "On this hub only; it has not left for %s yet."), whom);
	case WAY_LEFT:
		return memory_format(visit->context,
			say(visit->request, "Left this hub; not known to have arrived at %s yet."), whom);
	case WAY_ARRIVED:
		return memory_format(visit->context,
			may_be_opened
				? say(visit->request, "Arrived at %s; not known to be opened there yet.")
				: say(visit->request, "Arrived at %s."),
			whom);
	default:
		return memory_format(visit->context, say(visit->request, "Opened at %s."), whom);
	}
}

static const char *name_of(const struct visit *visit, const char *whom)
{
	return strcmp(whom, "hq") == 0 ? say(visit->request, "headquarters")
				       : office_hub_name(visit->office, whom);
}

/* {way: names} in one line, the least far first. */
static const char *line_of(struct visit *visit, char *const names[static WAYS], bool may_be_opened)
{
	struct buffer *text = buffer_new(visit->context);

	for (int way = WAY_HERE; way < WAYS; way++)
		if (names[way])
			buffer_format(text, "%s%s", text->len ? " " : "",
				words_of(visit, (enum way)way, may_be_opened, names[way]));
	return text->len ? (const char *)buffer_bytes(text).data
			 : say(visit->request, "On this hub, and for no other.");
}

const struct error *told_line(
	struct visit *visit, const char *entity, const char *key, const char *page, const char **out)
{
	struct office *office = visit->office;
	struct about about = {.page = arrival_page(entity), .key = page};
	struct arrival_reader *readers;
	char *names[WAYS] = {NULL};
	size_t count;

	*out = "";
	if (office->is_practice)
		return NULL;
	TRY(arrival_readers(
		visit->context, office->file, office->trust.self.log, entity, key, &readers, &count));
	for (size_t i = 0; i < count; i++) {
		const char *name = name_of(visit, readers[i].whom);
		bool is_there;
		enum way way;

		about.place = readers[i].place;
		TRY(way_to_reader(visit, &about, readers[i].whom, &way, &is_there));
		if (is_there)
			names[way] = names[way] ? memory_format(visit->context, "%s, %s", names[way], name)
						: memory_string(visit->context, name);
	}
	if (count)
		*out = line_of(visit, names, about.page != NULL);
	return NULL;
}

const struct error *told_is_received(struct visit *visit, const char *entity, const char *key,
	const char *state, const char *hub, bool *out)
{
	struct office *office = visit->office;
	struct arrival_place place;

	*out = false;
	TRY(arrival_said(office->file, office->trust.self.log, entity, key, state, hub, &place, out));
	return *out ? arrival_has(office->file, hub, &place, out) : NULL;
}

const struct error *told_referral(struct visit *visit, json_t *referral)
{
	const char *self = visit->office->trust.self.log, *hub = json_text_or(referral, "hub", "");
	bool is_received;

	if (!*hub || strcmp(hub, self) == 0 || strcmp(referral_sender(referral), self) != 0 ||
		strcmp(json_text_or(referral, "state", ""), "sent") != 0)
		return NULL;
	TRY(told_is_received(
		visit, "referral", json_text_or(referral, "key", ""), "sent", hub, &is_received));
	json_object_set_new(referral, "received", json_boolean(is_received));
	return NULL;
}

/* ---- opened here ---- */

/* What a hub said that was revoked since, nobody hears that it was opened. */
static void leave_out_revoked(const struct roster *roster, json_t *seen)
{
	for (size_t i = json_array_size(seen); i-- > 0;) {
		const struct roster_member *member = NULL;
		struct arrival_place place;
		char log[LOG_ID_SIZE];

		if (arrival_parse(json_string_value(json_array_get(seen, i)), log, &place))
			member = roster_member(roster, log);
		if (!member || member->status != MEMBER_ACTIVE)
			json_array_remove(seen, i);
	}
}

/* Whether an earlier opening stands for all that is there now. */
static const struct error *is_told(
	struct office *office, const char *opening, const char *page, const json_t *seen, bool *out)
{
	json_t *known CLEANUP(json_decref) = NULL;
	const struct error *error = casefile_get(office->file, "opened", opening, &known);
	const json_t *one;
	size_t i;

	*out = true;
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	json_array_foreach (seen, i, one) {
		struct arrival_place place;
		char log[LOG_ID_SIZE];

		*out = *out && arrival_parse(json_string_value(one), log, &place) &&
		       arrival_covers(json_object_get(known, page), log, &place);
	}
	return NULL;
}

static const struct error *write_opening(struct visit *visit, const char *page, const char *key)
{
	struct office *office = visit->office;
	struct batch *batch = batch_new(visit->context, office, ""); /* which person it was stays here */
	json_t *seen CLEANUP(json_decref) = NULL;
	char opening[ENTITY_KEY_SIZE];
	bool is_done;

	/* The office where it was written is not to hear of it. */
	TRY(lists_is_for_headquarters(office->file, key, &is_done));
	if (is_done)
		return NULL;
	arrival_opening(opening, office->trust.self.log, key);
	TRY(arrival_seen(office->file, office->trust.self.log, page, key, &seen));
	leave_out_revoked(readers_roster(office), seen);
	TRY(is_told(office, opening, page, seen, &is_done));
	if (is_done)
		return NULL;
	TRY(batch_event(batch, "opened", opening, "", json_pack("{sO}", page, seen), NULL));
	return batch_commit(batch);
}

void told_open(struct visit *visit, const char *page, const char *key)
{
	struct office *office = visit->office;
	const struct error *error;

	if (office->is_practice || visit->is_shown_again || !readers_roster(office))
		return;
	casefile_read_as(office->file, NULL); /* no page shows these records, so nobody reads them */
	error = write_opening(visit, page, key);
	casefile_read_as(office->file, &visit->reader);
	if (error)
		office_trouble(office, office->trust.self.log, error->message);
}
