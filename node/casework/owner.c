/* Follows a case from hub to hub: see owner.h. So that each hub that knows the same records names the same
 * owner, and nobody can take a case that was not offered to them, nor take one back.
 *
 * Which records those are is owners.c's; what an owner may say is permit.c's. Runs in office. */
#include "node/casework/owner.h"

#include <stdlib.h>
#include <string.h>

struct place owner_place(const struct event_origin *origin)
{
	return (struct place){origin->epoch, origin->seq ? origin->seq : INT64_MAX};
}

int owner_place_order(const struct place *a, const struct place *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static bool covers(const struct tenure *tenure, const struct place *place)
{
	return owner_place_order(place, &tenure->first) >= 0 &&
	       (!tenure->is_over || owner_place_order(place, &tenure->last) <= 0);
}

int owner_tenure_of(const struct owners *owners, const struct event_origin *origin)
{
	struct place place = owner_place(origin);

	for (size_t i = owners->count; i-- > 0;)
		if (strcmp(owners->list[i].log, origin->log) == 0 && covers(&owners->list[i], &place))
			return (int)i;
	return -1;
}

int owner_last_of(const struct owners *owners, const char *log)
{
	for (size_t i = owners->count; i-- > 0;)
		if (strcmp(owners->list[i].log, log) == 0)
			return (int)i;
	return -1;
}

void owner_add(struct owners *owners, const char *log, struct place first)
{
	struct tenure *tenure;

	owners->list = memory_resize(owners, owners->list, struct tenure, owners->count + 1);
	tenure = &owners->list[owners->count++];
	*tenure = (struct tenure){.first = first};
	memcpy(tenure->log, log, sizeof tenure->log);
}

static void hand_over(struct owners *owners, const struct accepted *accepted)
{
	struct tenure *last = &owners->list[owners->count - 1];

	last->last = accepted->covered;
	last->is_over = true;
	owner_add(owners, accepted->to, accepted->accepted);
}

/* By the place of the offer in its log; offers of other logs are never compared with it. */
static int compare(const void *a, const void *b)
{
	const struct accepted *left = a, *right = b;
	int order = strcmp(left->from, right->from);

	order = order ? order : owner_place_order(&left->offered, &right->offered);
	return order ? order : strcmp(left->key, right->key);
}

static void follow(struct owners *owners, const struct accepted *accepted, bool *is_used, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tenure *last = &owners->list[owners->count - 1];

		if (is_used[i] || strcmp(accepted[i].from, last->log) != 0 ||
			!covers(last, &accepted[i].offered))
			continue;
		is_used[i] = true;
		hand_over(owners, &accepted[i]);
		i = (size_t)-1; /* the new owner's offers, from the first */
	}
}

/* What this hub itself took over last, from a hub that was not found to have owned it; the count when there
 * is nothing such. */
static size_t own_acceptance(const struct owners *owners, const char *self, const struct accepted *accepted,
	const bool *is_used, size_t count)
{
	int own = owner_last_of(owners, self);
	size_t best = count;

	for (size_t i = 0; i < count; i++)
		if (!is_used[i] && strcmp(accepted[i].to, self) == 0 &&
			owner_last_of(owners, accepted[i].from) < 0 &&
			(own < 0 || owner_place_order(&accepted[i].accepted, &owners->list[own].first) > 0) &&
			(best == count ||
				owner_place_order(&accepted[i].accepted, &accepted[best].accepted) > 0))
			best = i;
	return best;
}

struct owners *owner_walk(
	const void *context, const char *self, const char *home, struct accepted *accepted, size_t count)
{
	struct owners *owners = memory_new(context, struct owners);
	bool *is_used = memory_array(owners, bool, count + 1);
	size_t given;

	if (count)
		qsort(accepted, count, sizeof *accepted, compare);
	owner_add(owners, home, (struct place){0, 0});
	follow(owners, accepted, is_used, count);
	if (strcmp(owners->list[owners->count - 1].log, self) == 0)
		return owners;
	given = own_acceptance(owners, self, accepted, is_used, count);
	if (given == count)
		return owners;
	owner_add(owners, accepted[given].from, (struct place){0, 0});
	is_used[given] = true;
	hand_over(owners, &accepted[given]);
	follow(owners, accepted, is_used, count);
	return owners;
}
