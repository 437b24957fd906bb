/* Follows a referral from sender to sender: see sender.h. So that nobody speaks for a hub that did not say
 * so, and a sender that named the next one has said its last.
 *
 * What a sender may say is permit.c's. Runs in office. */
#include "node/casework/sender.h"

#include <string.h>

#include "node/base/text.h"

/* Whom this event names as the next sender; "" for none. */
static const char *named_by(const struct claim *claim, const char *case_key)
{
	const char *to = json_text_or(claim->event->set, "sender", "");

	if (claim->origin.kind != 'o' || claim->event->is_restated ||
		strcmp(claim->event->case_key, case_key) != 0)
		return "";
	return ids_is_log(to) && strcmp(to, claim->origin.log) != 0 ? to : "";
}

/* The first time that this hub named another one, behind the last time that it is known to have. */
static const struct claim *next_word(const struct owners *senders, const char *log, const char *case_key,
	const struct claim *claims, size_t count)
{
	int before = owner_last_of(senders, log);
	const struct claim *best = NULL;

	for (size_t i = 0; i < count; i++) {
		struct place place = owner_place(&claims[i].origin), first;
		int order;

		if (strcmp(claims[i].origin.log, log) != 0 || !*named_by(&claims[i], case_key))
			continue;
		if (before >= 0 && owner_place_order(&place, &senders->list[before].last) <= 0)
			continue;
		first = best ? owner_place(&best->origin) : place;
		order = best ? owner_place_order(&place, &first) : -1;
		if (order < 0 || (order == 0 && strcmp(claims[i].event->id, best->event->id) < 0))
			best = &claims[i];
	}
	return best;
}

static void follow(struct owners *senders, const char *log, const char *case_key, const struct claim *claims,
	size_t count)
{
	const struct claim *word = next_word(senders, log, case_key, claims, count);

	owner_add(senders, log, (struct place){0, 0});
	while (word) {
		struct tenure *last = &senders->list[senders->count - 1];
		const char *to = named_by(word, case_key);

		last->last = owner_place(&word->origin);
		last->is_over = true;
		word = next_word(senders, to, case_key, claims, count);
		owner_add(senders, to, (struct place){0, 0});
	}
}

struct owners *sender_walk(const void *context, const char *key, const char *case_key,
	const struct claim *claims, size_t count, const struct owners *owners)
{
	struct owners *senders = memory_new(context, struct owners);
	char home[LOG_ID_SIZE];

	ids_key_log(home, key);
	follow(senders, home, case_key, claims, count);
	for (size_t i = 0; owners && i < owners->count; i++) {
		const char *log = owners->list[i].log;

		if (owner_last_of(senders, log) < 0 && next_word(senders, log, case_key, claims, count))
			follow(senders, log, case_key, claims, count);
	}
	return senders;
}
