/* Orders what came through several hubs around the closing of a mailbox: see closing.h. Where it cannot be
 * told, "perhaps": a hub that was without power has a clock that is late, and what was sent there after the
 * closing seems to be from before. Runs in office. */
#include "node/casework/closing.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"

/* One intake counts upwards, whatever its clock does. */
static bool is_later_in_log(const struct closing_moment *closed, const struct closing_moment *said)
{
	return said->epoch != closed->epoch ? said->epoch > closed->epoch : said->hlc > closed->hlc;
}

enum closing closing_order(const struct closing_moment *closed, const struct closing_moment *said)
{
	bool are_known = closed->epoch && said->epoch;

	if (are_known && strcmp(closed->log, said->log) == 0)
		return is_later_in_log(closed, said) ? CLOSING_AFTER : CLOSING_BEFORE;
	if (!are_known || !closed->is_sure || !said->is_sure || said->at == closed->at)
		return CLOSING_PERHAPS_AFTER;
	return said->at > closed->at ? CLOSING_AFTER : CLOSING_BEFORE;
}

static struct closing_moment moment_of(const json_t *message)
{
	struct closing_moment moment = {
		.epoch = (int)json_integer_value(json_object_get(message, "epoch")),
		.is_sure = strcmp(json_text_or(message, "clock", ""), "sure") == 0,
	};
	const char *hub = json_text_or(message, "hub", "");

	if (strlen(hub) < sizeof moment.log)
		memcpy(moment.log, hub, strlen(hub) + 1);
	error_ignore(clock_hlc_parse(json_text_or(message, "hlc", ""), &moment.hlc));
	error_ignore(text_to_time(json_text_or(message, "at", ""), &moment.at));
	return moment;
}

static bool is_of_reporter(const json_t *message)
{
	return strcmp(json_text_or(message, "from", ""), "reporter") == 0;
}

static bool is_closing(const json_t *message)
{
	return is_of_reporter(message) && strcmp(json_text_or(message, "kind", ""), "closed") == 0;
}

/* How it stands to the one among all closings behind which it most likely came. */
static enum closing order_among(const json_t *messages, const json_t *message)
{
	const struct closing_moment said = moment_of(message);
	enum closing most = CLOSING_BEFORE;
	const json_t *one;
	size_t i;

	json_array_foreach (messages, i, one) {
		const struct closing_moment closed = moment_of(one);
		enum closing order = is_closing(one) ? closing_order(&closed, &said) : CLOSING_BEFORE;

		if (order > most)
			most = order;
	}
	return most;
}

void closing_mark(json_t *messages)
{
	json_t *message;
	size_t i;

	json_array_foreach (messages, i, message) {
		enum closing order = CLOSING_BEFORE;

		if (is_of_reporter(message) && !is_closing(message))
			order = order_among(messages, message);
		if (order != CLOSING_BEFORE)
			json_object_set_new(message, "after_closing",
				json_string(order == CLOSING_AFTER ? "yes" : "perhaps"));
	}
}
