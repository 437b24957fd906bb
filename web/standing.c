/* What neighbours are told of this hub's logs: see standing.h. In the sync role: a thread of its own beside
 * the server's.
 *
 * Guards: whom it lets in rests on the roster's whole chain, checked here from trust.json; a roster that went
 * back, or cannot be read, changes nothing. What is shown names logs, numbers and digests, as log.git does,
 * and nothing of what they hold. */
#include "web/standing.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/base/text.h"
#include "node/store/doorbell.h"
#include "sync/role.h"
#include "sync/rosters.h"
#include "sync/tips.h"

#define LOOK_MS 30000 /* a bell may be lost */
#define WAIT_MAX_SECONDS 30
#define WAITING_MAX 128 /* who comes then is answered at once */
#define ETAG_SIZE 35

struct waiting {
	struct request *request;
	uint8_t pin[DIGEST_LEN]; /* who asked: may be no member any more when there is news */
	int64_t until_ms;
};

struct standing {
	pthread_mutex_t mutex; /* of all that is shown, and of who waits */
	pthread_t thread;
	int bell, wake;
	bool ends;
	struct bytes text; /* NULL: not read yet */
	char etag[ETAG_SIZE];
	uint8_t pins[ROSTER_MEMBERS_MAX][DIGEST_LEN];
	size_t pin_count;
	struct waiting waiting[WAITING_MAX];
	size_t waiting_count;

	/* The thread's own. */
	const struct home *home;
	struct trust trust;
	struct repo *repo;
	struct roster_chain *chain;
	struct oid roster_at;
	char complaint[512]; /* what was logged last, so that it is said once */
};

/* ---- reading ---- */

static const struct roster *newest(const struct standing *standing)
{
	return standing->chain ? roster_chain_newest(standing->chain) : NULL;
}

static void take_pins(struct standing *standing)
{
	const struct roster *roster = newest(standing);
	size_t count = 0;

	pthread_mutex_lock(&standing->mutex);
	for (size_t i = 0; roster && i < roster->member_count; i++)
		if (roster->members[i].status == MEMBER_ACTIVE)
			memcpy(standing->pins[count++], roster->members[i].keys.tls, DIGEST_LEN);
	standing->pin_count = count;
	pthread_mutex_unlock(&standing->mutex);
}

static const struct error *read_roster(struct standing *standing)
{
	const struct roster *before = newest(standing);
	struct roster_chain *chain;
	const struct error *error;
	struct oid at = {""};
	struct trust trust;
	bool changed;

	TRY(trust_read(standing->home, &trust));
	changed = trust.has_coalition != standing->trust.has_coalition ||
		  memcmp(trust.root, standing->trust.root, sizeof trust.root) != 0;
	standing->trust = trust;
	error = repo_ref(standing->repo, ROSTER_REF, &at);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (standing->chain && !changed && strcmp(at.hex, standing->roster_at.hex) == 0)
		return NULL;
	TRY(rosters_load(standing, standing->repo, &trust, before && !changed ? before->version : 0, &chain));
	memory_free(standing->chain);
	standing->chain = chain;
	standing->roster_at = at;
	take_pins(standing);
	return NULL;
}

static void publish(struct standing *standing, const struct tips *tips)
{
	struct bytes text = tips_print(standing, tips);
	uint8_t digest[DIGEST_LEN];
	char hex[2 * 16 + 1];

	digest_of(digest, text);
	text_hex(hex, digest, 16);
	pthread_mutex_lock(&standing->mutex);
	talloc_free((void *)standing->text.data);
	standing->text = text;
	snprintf(standing->etag, sizeof standing->etag, "\"%s\"", hex);
	pthread_mutex_unlock(&standing->mutex);
}

static const struct error *look(struct standing *standing)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct tips *tips = memory_new(scratch, struct tips);

	if (!standing->repo)
		TRY(repo_open(home_file(scratch, standing->home, "log.git"), &standing->repo));
	TRY(read_roster(standing));
	TRY(tips_read(standing->repo, newest(standing), &standing->trust.self, tips));
	publish(standing, tips);
	return NULL;
}

static void look_or_complain(struct standing *standing)
{
	const struct error *error = look(standing);

	if (!error)
		standing->complaint[0] = '\0';
	else if (strcmp(standing->complaint, error->message) != 0) {
		snprintf(standing->complaint, sizeof standing->complaint, "%s", error->message);
		log_error("what neighbours are shown: %s", error->message);
	}
}

/* ---- answering ---- */

static bool has_current(const struct standing *standing, const struct request *request)
{
	const char *theirs = request_header(request, "If-None-Match");

	return theirs && strcmp(theirs, standing->etag) == 0;
}

/* Holding the mutex. */
static void fill(const struct standing *standing, struct request *request)
{
	request->type = "text/plain; charset=utf-8";
	request_add_header(request, "ETag", standing->etag);
	if (has_current(standing, request))
		request->status = 304;
	else
		request->body = memory_bytes(request->context, standing->text.data, standing->text.len);
}

static int64_t wait_of(const struct request *request)
{
	const char *preferred = request_header(request, "Prefer");
	uint64_t seconds;

	if (!preferred || !text_starts(preferred, "wait=") ||
		text_to_number(preferred + strlen("wait="), 86400, &seconds))
		return 0;
	return 1000 * (int64_t)(seconds > WAIT_MAX_SECONDS ? WAIT_MAX_SECONDS : seconds);
}

/* Holding the mutex. */
static bool knows(const struct standing *standing, const uint8_t pin[static DIGEST_LEN])
{
	for (size_t i = 0; i < standing->pin_count; i++)
		if (memcmp(standing->pins[i], pin, DIGEST_LEN) == 0)
			return true;
	return false;
}

bool standing_knows(struct standing *standing, const uint8_t pin[static DIGEST_LEN])
{
	bool found;

	pthread_mutex_lock(&standing->mutex);
	found = knows(standing, pin);
	pthread_mutex_unlock(&standing->mutex);
	return found;
}

/* Holding the mutex. */
static void let_wait(struct standing *standing, struct request *request, int64_t wait_ms)
{
	struct waiting *waiting = &standing->waiting[standing->waiting_count++];

	waiting->request = request;
	waiting->until_ms = clock_boot_ms() + wait_ms;
	request_pin(request, waiting->pin);
	server_suspend(request);
	eventfd_write(standing->wake, 1);
}

const struct error *standing_show(struct standing *standing, struct request *request)
{
	int64_t wait_ms = wait_of(request);
	const struct error *error = NULL;

	pthread_mutex_lock(&standing->mutex);
	if (!standing->text.data) {
		error = error_new(ERROR_UNAVAILABLE, "this hub is just starting");
	} else if (wait_ms && has_current(standing, request) && !standing->ends &&
		   standing->waiting_count < WAITING_MAX) {
		let_wait(standing, request, wait_ms);
	} else {
		fill(standing, request);
	}
	pthread_mutex_unlock(&standing->mutex);
	return error;
}

/* Holding the mutex. */
static void answer(const struct standing *standing, const struct waiting *one)
{
	if (!knows(standing, one->pin)) {
		server_resume(one->request, error_new(ERROR_DENIED, "this is for the coalition's hubs"));
		return;
	}
	fill(standing, one->request);
	server_resume(one->request, NULL);
}

/* Whoever has waited long enough; returns when the next one will have. */
static int64_t answer_waiting(struct standing *standing)
{
	int64_t now = clock_boot_ms(), next = now + LOOK_MS;
	size_t kept = 0;

	pthread_mutex_lock(&standing->mutex);
	for (size_t i = 0; i < standing->waiting_count; i++) {
		struct waiting *one = &standing->waiting[i];

		if (standing->ends || one->until_ms <= now || !has_current(standing, one->request)) {
			answer(standing, one);
			continue;
		}
		if (one->until_ms < next)
			next = one->until_ms;
		standing->waiting[kept++] = *one;
	}
	standing->waiting_count = kept;
	pthread_mutex_unlock(&standing->mutex);
	return next;
}

static bool has_ended(struct standing *standing)
{
	bool ends;

	pthread_mutex_lock(&standing->mutex);
	ends = standing->ends;
	pthread_mutex_unlock(&standing->mutex);
	return ends;
}

static void *run(void *user)
{
	struct standing *standing = user;
	struct pollfd fds[2] = {
		{.fd = standing->bell, .events = POLLIN}, {.fd = standing->wake, .events = POLLIN}};
	int64_t look_ms = 0, next_ms;
	eventfd_t count;

	while (!has_ended(standing)) {
		if (fds[0].revents || clock_boot_ms() >= look_ms) {
			doorbell_drain(standing->bell);
			look_or_complain(standing);
			look_ms = clock_boot_ms() + LOOK_MS;
		}
		next_ms = answer_waiting(standing);
		next_ms = (next_ms < look_ms ? next_ms : look_ms) - clock_boot_ms();
		if (poll(fds, 2, next_ms > 0 ? (int)next_ms : 0) < 0)
			fds[0].revents = 0;
		eventfd_read(standing->wake, &count);
	}
	answer_waiting(standing);
	return NULL;
}

/* ---- from start to end ---- */

static void let_go(struct standing *standing)
{
	fd_close(standing->bell);
	fd_close(standing->wake);
	repo_close(standing->repo);
	pthread_mutex_destroy(&standing->mutex);
	memory_free(standing);
}

static const struct error *start(struct standing *standing)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int failed;

	standing->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	TRY(doorbell_listen(home_file(scratch, standing->home, SYNC_NEWS_BELL), &standing->bell));
	failed = standing->wake < 0 ? errno : pthread_create(&standing->thread, NULL, run, standing);
	return failed ? error_system(failed, "cannot look after what neighbours are shown") : NULL;
}

const struct error *standing_start(const struct home *home, struct standing **out)
{
	struct standing *standing = memory_new(NULL, struct standing);
	const struct error *error;

	standing->home = home;
	standing->bell = standing->wake = -1;
	pthread_mutex_init(&standing->mutex, NULL);
	error = start(standing);
	if (error) {
		let_go(standing);
		return error;
	}
	*out = standing;
	return NULL;
}

void standing_end(struct standing *standing)
{
	pthread_mutex_lock(&standing->mutex);
	standing->ends = true;
	pthread_mutex_unlock(&standing->mutex);
	eventfd_write(standing->wake, 1);
	pthread_join(standing->thread, NULL);
}

void standing_free(struct standing *standing)
{
	if (standing)
		let_go(standing);
}
