/* The coalition's hubs on this network: see neighbours.h. In the sync role: a thread for each hub that was
 * found, and the role's own for what touches log.git and sync.db.
 *
 * A hint becomes a neighbour only by its key, which the newest roster must name. Between a thread and the
 * role goes a ball: a thread that has news waits until the role says what to do with them, and the role
 * touches a place only while its thread waits. One fetches at a time, so that thirty who have the same news
 * are not all asked for them. */
#include "sync/neighbours.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/ids.h"
#include "node/vault/encoding.h"
#include "sync/link.h"
#include "sync/transport.h"

#define PLACES 32
#define ADDRESSES_MAX 4
#define PROBLEM_SIZE 512
#define WAIT_SECONDS 25 /* for news, spread by a fifth */
#define RETRY_MS 2000	/* then twice as long, and so on */
#define RETRY_MAX_MS 30000
#define DOUBLE_MS 5000	   /* it is linked in another place */
#define LATER_MS 60000	   /* it answers, but not as it should */
#define STRANGER_MS 600000 /* it is none of ours, or ourselves */
#define OFFER_MS 60000
#define AFRESH_MS 900000 /* all is looked at again: what had to wait may be good now */
#define NOTE_SECONDS 600 /* between two notes that all is well: the card wears */

enum step {
	ON_ITS_WAY, /* the thread's */
	HAS_NEWS,   /* the role's: `tips` */
	MAY_FETCH,  /* the thread's */
	HAS_FETCHED /* the role's: `problem` */
};

struct place {
	struct neighbours *all;
	pthread_t thread;
	bool has_thread;

	/* Of all that follows, behind the mutex: where the hub is said to be. */
	char name[64]; /* instance; "": the place is free */
	char addresses[ADDRESSES_MAX][64];
	size_t address_count;
	int port;
	bool is_hurried; /* something changed: try at once */
	bool is_busy;	 /* its thread is on the way there, or linked */
	bool is_useless; /* the hint has led to none of our hubs */

	/* What its thread found. */
	char log[LOG_ID_SIZE]; /* whose it is; "": nobody's of ours */
	uint8_t pin[DIGEST_LEN];
	char address[64]; /* that answers */
	bool is_linked;
	int64_t ok_at;		    /* wall clock, seconds, of the last good answer */
	char problem[PROBLEM_SIZE]; /* "": none */
	bool is_noteworthy;	    /* linked or problem have changed since the role looked */
	enum step step;
	struct tips *tips;
	bool is_in_vain; /* what was fetched was not what it told of, or does not hold */

	/* The thread's own. */
	char etag[LINK_ETAG_SIZE];
	char etag_log[LOG_ID_SIZE]; /* whose that is */
	bool is_double; /* linked in another place: it has two names, or an old one that is not forgotten yet
			 */
	int64_t etag_ms;
	int64_t retry_ms;

	int64_t noted_at; /* the role's own: ok_at, as it was written down */
};

struct neighbours {
	struct hub *hub;
	const char *state;
	struct link_key *key;
	int bell;   /* of the role */
	int ending; /* readable from the end on: what polls, wakes */
	volatile int ends;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct {
		char log[LOG_ID_SIZE];
		uint8_t pin[DIGEST_LEN];
	} members[ROSTER_MEMBERS_MAX];
	size_t member_count;
	struct oid members_at;	/* the roster's commit that they are of */
	struct place *fetching; /* the role's own, like what follows */
	int64_t offer_ms;
	struct place places[PLACES];
};

/* ---- a hub's thread ---- */

static bool accept_member(void *user, const uint8_t pin[static DIGEST_LEN])
{
	struct place *place = user;
	struct neighbours *all = place->all;

	pthread_mutex_lock(&all->mutex);
	place->log[0] = '\0';
	place->is_double = false;
	for (size_t i = 0; i < all->member_count; i++)
		if (memcmp(all->members[i].pin, pin, DIGEST_LEN) == 0) {
			memcpy(place->log, all->members[i].log, LOG_ID_SIZE);
			memcpy(place->pin, pin, DIGEST_LEN);
		}
	for (size_t i = 0; i < PLACES && !place->is_double; i++)
		place->is_double = &all->places[i] != place && all->places[i].is_linked &&
				   strcmp(all->places[i].log, place->log) == 0;
	pthread_mutex_unlock(&all->mutex);
	return place->log[0] && !place->is_double;
}

/* It may have been revoked since. */
static bool is_member(const struct place *place)
{
	struct neighbours *all = place->all;
	bool found = false;

	pthread_mutex_lock(&all->mutex);
	for (size_t i = 0; i < all->member_count && !found; i++)
		found = memcmp(all->members[i].pin, place->pin, DIGEST_LEN) == 0;
	pthread_mutex_unlock(&all->mutex);
	return found;
}

static void set_link(struct place *place, const char *address, const struct error *error)
{
	pthread_mutex_lock(&place->all->mutex);
	place->is_linked = address;
	if (address)
		snprintf(place->address, sizeof place->address, "%s", address);
	snprintf(place->problem, sizeof place->problem, "%s", error ? error->message : "");
	place->is_noteworthy = place->log[0];
	pthread_mutex_unlock(&place->all->mutex);
	eventfd_write(place->all->bell, 1);
}

/* Hands the place to the role, and waits until it comes back. False: the role ends. */
static bool ask_role(struct place *place, enum step step)
{
	struct neighbours *all = place->all;

	pthread_mutex_lock(&all->mutex);
	place->step = step;
	if (!*place->problem)
		place->ok_at = clock_wall_seconds();
	eventfd_write(all->bell, 1);
	while (place->step == step && !all->ends)
		pthread_cond_wait(&all->changed, &all->mutex);
	pthread_mutex_unlock(&all->mutex);
	return !all->ends;
}

/* RFC 6874: the zone's '%' is written %25. */
static char *url_of(const void *context, const char *address, int port)
{
	const char *zone = strchr(address, '%');

	if (!strchr(address, ':'))
		return memory_format(context, "https://%s:%d/log.git", address, port);
	return memory_format(context, "https://[%.*s%s%s]:%d/log.git", (int)strcspn(address, "%"), address,
		zone ? "%25" : "", zone ? zone + 1 : "", port);
}

/* The role has said so; what came waits in inbox.git for it. False: it did not go well. */
static bool fetch(struct place *place, const char *address, int port)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct neighbours *all = place->all;
	struct transport transport = {
		.state = all->state,
		.url = url_of(scratch, address, port),
		.pin = place->pin,
		.stop = &all->ends,
	};
	const struct error *error;
	char *problem = NULL;

	error = round_room(all->hub, &transport.room);
	if (!error)
		error = transport_fetch(
			scratch, &transport, memory_format(scratch, "near-%s", place->log), &problem);
	pthread_mutex_lock(&all->mutex);
	snprintf(place->problem, sizeof place->problem, "%s",
		error	  ? error->message
		: problem ? problem
			  : "");
	pthread_mutex_unlock(&all->mutex);
	if (*place->problem)
		place->etag[0] = '\0';
	return ask_role(place, HAS_FETCHED) && place->etag[0];
}

/* Holding the mutex: until the pause is over, or something changed. */
static void rest(struct place *place, int64_t pause_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += pause_ms / 1000;
	until.tv_nsec += pause_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!place->all->ends && !place->is_hurried &&
		pthread_cond_clockwait(&place->all->changed, &place->all->mutex, CLOCK_MONOTONIC, &until) !=
			ETIMEDOUT)
		;
	place->is_hurried = false;
}

/* One question after another, as long as all goes well. Returns why it does not. */
static const struct error *keep_asking(struct place *place, struct link *link, const char *address, int port)
{
	uint32_t random;
	bool is_new;

	while (is_member(place)) {
		if (strcmp(place->etag_log, place->log) != 0 ||
			clock_boot_ms() - place->etag_ms > AFRESH_MS) {
			place->etag[0] = '\0';
			place->etag_ms = clock_boot_ms();
			memcpy(place->etag_log, place->log, LOG_ID_SIZE);
		}
		ids_random(&random, sizeof random);
		TRY(link_tips(link, WAIT_SECONDS - 2 + (int)(random % 5), place->etag, place->tips, &is_new));
		place->retry_ms = RETRY_MS;
		if (!is_new) {
			pthread_mutex_lock(&place->all->mutex);
			place->ok_at = clock_wall_seconds();
			pthread_mutex_unlock(&place->all->mutex);
		} else if (!ask_role(place, HAS_NEWS) ||
			   (place->step == MAY_FETCH && !fetch(place, address, port))) {
			return error_new(ERROR_UNAVAILABLE, "%s",
				*place->problem ? place->problem : "it was broken off");
		}
		if (place->is_in_vain) {
			pthread_mutex_lock(&place->all->mutex);
			rest(place, RETRY_MAX_MS);
			pthread_mutex_unlock(&place->all->mutex);
			place->is_in_vain = false;
		}
	}
	return error_new(ERROR_DENIED, "it belongs to this coalition no longer");
}

/* All that can be done with a hub at one address. */
static const struct error *try_address(struct place *place, const char *address, int port)
{
	struct link *link CLEANUP(link_close) = NULL;
	const struct error *error;

	TRY(link_open(place->all->key, address, port, place->all->ending, accept_member, place, &link));
	set_link(place, address, NULL);
	error = keep_asking(place, link, address, port);
	set_link(place, NULL, error);
	return error;
}

/* How long to leave it alone after that. */
static int64_t pause_after(struct place *place, const struct error *error)
{
	int64_t pause = place->retry_ms;

	if (place->is_double)
		return DOUBLE_MS;
	if (error->code == ERROR_DENIED)
		return place->log[0] ? LATER_MS : STRANGER_MS;
	if (error->code == ERROR_INVALID)
		return LATER_MS;
	place->retry_ms = 2 * pause > RETRY_MAX_MS ? RETRY_MAX_MS : 2 * pause;
	return pause;
}

static int64_t visit(struct place *place, const struct place *hint)
{
	const struct error *error = NULL;

	for (size_t i = 0; i < hint->address_count && !place->all->ends; i++) {
		error = try_address(place, hint->addresses[i], hint->port);
		if (error->code != ERROR_UNAVAILABLE)
			break;
	}
	return error ? pause_after(place, error) : 0;
}

static void *attend(void *user)
{
	struct place *place = user;
	struct neighbours *all = place->all;
	struct place *hint = memory_new(NULL, struct place);

	pthread_mutex_lock(&all->mutex);
	while (!all->ends) {
		int64_t pause_ms;

		if (!place->address_count) {
			pthread_cond_wait(&all->changed, &all->mutex);
			continue;
		}
		memcpy(hint->addresses, place->addresses, sizeof hint->addresses);
		hint->address_count = place->address_count;
		hint->port = place->port;
		place->is_hurried = false;
		place->is_busy = true;
		pthread_mutex_unlock(&all->mutex);
		pause_ms = visit(place, hint);
		pthread_mutex_lock(&all->mutex);
		place->is_busy = false;
		place->is_useless = !place->log[0];
		rest(place, pause_ms);
	}
	pthread_mutex_unlock(&all->mutex);
	memory_free(hint);
	return NULL;
}

/* ---- hints, on the role's thread ---- */

/* Holding the mutex. One that is free, or that of a hint that led nowhere. */
static struct place *find_place(struct neighbours *all, const char *name, bool may_take)
{
	struct place *free = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &all->places[i];

		if (strcmp(place->name, name) == 0)
			return place;
		if (!place->is_busy && (!place->name[0] || (place->is_useless && !free)))
			free = place;
	}
	if (!free || !may_take)
		return NULL;
	snprintf(free->name, sizeof free->name, "%s", name);
	free->address_count = 0;
	free->log[0] = '\0';
	free->ok_at = free->noted_at = 0;
	free->is_useless = false;
	if (!free->has_thread)
		free->has_thread = pthread_create(&free->thread, NULL, attend, free) == 0;
	return free;
}

static void set_address(struct place *place, const char *address, bool there)
{
	size_t i = 0;

	while (i < place->address_count && strcmp(place->addresses[i], address) != 0)
		i++;
	if (there && i < ADDRESSES_MAX) {
		snprintf(place->addresses[i], sizeof place->addresses[i], "%s", address);
		if (i == place->address_count)
			place->address_count++;
	} else if (!there && i < place->address_count) {
		place->address_count--;
		memmove(place->addresses[i], place->addresses[i + 1],
			(place->address_count - i) * sizeof *place->addresses);
	}
}

void neighbours_see(struct neighbours *all, const struct discover_hub *hub, bool there)
{
	struct place *place;

	pthread_mutex_lock(&all->mutex);
	place = find_place(all, hub->name, there);
	if (place) {
		set_address(place, hub->address, there);
		if (there)
			place->port = hub->port;
		if (!place->address_count)
			place->name[0] = '\0';
		place->is_hurried = there;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->mutex);
}

/* What found no place when it came, because of many others that led nowhere, is offered again. */
static const struct error *offer_again(struct neighbours *all)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row, is_known;

	if (clock_boot_ms() < all->offer_ms)
		return NULL;
	all->offer_ms = clock_boot_ms() + OFFER_MS;
	TRY(db_prepare(all->hub->db, &query, "SELECT name, address, port FROM found ORDER BY random()"));
	for (;;) {
		struct discover_hub hub = {.host = ""};

		TRY(db_step(&query, &row));
		if (!row)
			return NULL;
		snprintf(hub.name, sizeof hub.name, "%s", db_text(&query, 0));
		snprintf(hub.address, sizeof hub.address, "%s", db_text(&query, 1));
		hub.port = (int)db_integer(&query, 2);
		pthread_mutex_lock(&all->mutex);
		is_known = find_place(all, hub.name, false);
		pthread_mutex_unlock(&all->mutex);
		if (!is_known)
			neighbours_see(all, &hub, true);
	}
}

/* Who belongs, for the threads; when that changed, strangers are looked at again. */
static void take_members(struct neighbours *all)
{
	const struct roster *roster = hub_roster(all->hub);
	const struct member_keys *self = &all->hub->trust.self;

	if (strcmp(all->members_at.hex, all->hub->roster_at.hex) == 0)
		return;
	pthread_mutex_lock(&all->mutex);
	all->members_at = all->hub->roster_at;
	all->member_count = 0;
	for (size_t i = 0; roster && i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];

		if (member->status != MEMBER_ACTIVE || strcmp(member->keys.log, self->log) == 0)
			continue;
		memcpy(all->members[all->member_count].log, member->keys.log, LOG_ID_SIZE);
		memcpy(all->members[all->member_count].pin, member->keys.tls, DIGEST_LEN);
		all->member_count++;
	}
	for (size_t i = 0; i < PLACES; i++)
		all->places[i].is_hurried = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

/* ---- the role's work ---- */

static const struct error *note(struct neighbours *all, struct place *place, int64_t received)
{
	struct query query CLEANUP(db_finish) = {0};
	char log[LOG_ID_SIZE], address[sizeof place->address], problem[sizeof place->problem];
	bool is_linked;

	pthread_mutex_lock(&all->mutex);
	memcpy(log, place->log, sizeof log);
	memcpy(address, place->address, sizeof address);
	memcpy(problem, place->problem, sizeof problem);
	is_linked = place->is_linked;
	place->noted_at = place->ok_at;
	place->is_noteworthy = false;
	pthread_mutex_unlock(&all->mutex);
	if (!*log) /* it shows another key since, which is nobody's */
		return NULL;
	TRY(db_prepare(all->hub->db, &query,
		"INSERT INTO neighbour(log, address, linked, last_ok, last_error, received) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(log) DO UPDATE SET address = ?2, linked = ?3, "
		"last_ok = coalesce(?4, last_ok), last_error = ?5, received = received + ?6"));
	db_bind_text(&query, 1, log);
	db_bind_text(&query, 2, address);
	db_bind_integer(&query, 3, is_linked);
	if (place->noted_at)
		db_bind_integer(&query, 4, place->noted_at);
	db_bind_text(&query, 5, *problem ? problem : NULL);
	db_bind_integer(&query, 6, received);
	return db_done(&query);
}

/* How far it is, by its own word; what we hold of that was checked. */
static const struct error *note_reach(struct neighbours *all, const struct place *place)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *name = memory_format(scratch, "near-%s", place->log);

	repo_refresh(all->hub->log);
	for (size_t i = 0; i < place->tips->log_count; i++) {
		const struct tips_log *one = &place->tips->logs[i];
		bool is_here = repo_has(all->hub->log, &one->oid);

		TRY(state_reach_set(
			all->hub->db, name, one->log, one->epoch, is_here ? one->seq : 0, one->seq));
	}
	return NULL;
}

static const struct error *keep(struct neighbours *all, struct place *place, json_t *reports)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *report = NULL;

	all->fetching = NULL;
	if (*place->problem)
		return note(all, place, 0);
	TRY(round_kept(all->hub, memory_format(scratch, "near-%s", place->log), &report));
	json_array_append_new(reports, report);
	place->is_in_vain = tips_have_more(place->tips, all->hub->log, hub_roster(all->hub));
	TRY(note_reach(all, place));
	return note(all, place, json_integer_value(json_object_get(report, "received")));
}

/* Whether its news are new here; it stays in line while another is fetched from. */
static const struct error *decide(struct neighbours *all, struct place *place, enum step *next)
{
	if (!tips_have_more(place->tips, all->hub->log, hub_roster(all->hub))) {
		*next = ON_ITS_WAY;
		TRY(note_reach(all, place));
		return note(all, place, 0);
	}
	if (all->fetching)
		return NULL;
	all->fetching = place;
	*next = MAY_FETCH;
	return NULL;
}

static const struct error *work_on(struct neighbours *all, struct place *place, json_t *reports)
{
	const struct error *error = NULL;
	enum step step, next;
	bool is_due;

	pthread_mutex_lock(&all->mutex);
	step = next = place->step;
	is_due = place->is_noteworthy || (place->log[0] && place->ok_at - place->noted_at > NOTE_SECONDS);
	pthread_mutex_unlock(&all->mutex);
	if (step == HAS_NEWS) {
		error = decide(all, place, &next);
	} else if (step == HAS_FETCHED) {
		next = ON_ITS_WAY;
		error = keep(all, place, reports);
	} else if (is_due) {
		error = note(all, place, 0);
	}
	if (error && step == HAS_NEWS) /* our own failure: not again and again */
		next = ON_ITS_WAY;
	if (next == step)
		return error;
	pthread_mutex_lock(&all->mutex);
	place->step = next;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
	return error;
}

const struct error *neighbours_work(struct neighbours *all, json_t *reports)
{
	const struct error *error = NULL, *first = NULL;
	eventfd_t count;

	eventfd_read(all->bell, &count);
	TRY(hub_refresh(all->hub));
	take_members(all);
	TRY(offer_again(all));
	/* Who has fetched first, so that who is in line may be next. */
	for (size_t i = 0; i < PLACES; i++)
		if (&all->places[i] == all->fetching)
			first = work_on(all, &all->places[i], reports);
	for (size_t i = 0; i < PLACES; i++)
		if (&all->places[i] != all->fetching) {
			error = work_on(all, &all->places[i], reports);
			first = first ? first : error;
		}
	return first;
}

int neighbours_bell(const struct neighbours *all)
{
	return all->bell;
}

bool neighbours_fetch(const struct neighbours *all)
{
	return all->fetching;
}

/* ---- from start to end ---- */

const struct error *neighbours_start(struct hub *hub, struct neighbours **out)
{
	struct neighbours *all = memory_new(NULL, struct neighbours);
	const struct error *error;

	all->hub = hub;
	all->state = hub->home->path;
	all->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	all->ending = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&all->mutex, NULL);
	pthread_cond_init(&all->changed, NULL);
	for (size_t i = 0; i < PLACES; i++) {
		all->places[i].all = all;
		all->places[i].tips = memory_new(all, struct tips);
		all->places[i].retry_ms = RETRY_MS;
	}
	error = all->bell < 0 || all->ending < 0 ? error_system(errno, "cannot look after neighbours")
						 : link_key_read(hub->home, &all->key);
	if (!error)
		error = db_run(hub->db, "UPDATE neighbour SET linked = 0");
	if (error)
		neighbours_stop(all);
	else
		*out = all;
	return error;
}

void neighbours_stop(struct neighbours *all)
{
	if (!all)
		return;
	pthread_mutex_lock(&all->mutex);
	all->ends = 1;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
	eventfd_write(all->ending, 1);
	for (size_t i = 0; i < PLACES; i++)
		if (all->places[i].has_thread)
			pthread_join(all->places[i].thread, NULL);
	link_key_free(all->key);
	fd_close(all->bell);
	fd_close(all->ending);
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->mutex);
	memory_free(all);
}
