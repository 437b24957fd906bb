/* Codes made ahead (pool.h). The child is forked from the same binary before any thread and any open file,
 * answers one request at a time over a socketpair and dies with its parent; one thread here asks it. What a
 * code is and how a mailbox follows from it lies in node/vault/mailbox.
 *
 *   request: 'T', or 'D' and the 20 digits      answer to T: 20 digits, mailbox id, recipient, signer      to
 * D: the 32-byte seed
 *
 * Invariant: for a fresh code no private key ever leaves the child. Runs in intake, and in its child. */
#include "web/intake/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/base/memory.h"
#include "web/language.h"

#define TAKERS_MOST 256	 /* as many phones as can be connected: none is refused its code */
#define DERIVERS_MOST 64 /* more is refused rather than kept waiting for minutes */
#define PAUSE_SECONDS 1	 /* between codes that nobody waits for: a small board has other work */

struct answer {
	char code[MAILBOX_CODE_LEN];
	char mailbox[MAILBOX_ID_SIZE];
	struct age_recipient recipient;
	struct signer signer;
};

struct taker {
	code_taken *done;
	void *user;
};
struct deriver {
	code_derived *done;
	void *user;
	struct secret *code;
};

struct pool {
	struct code_source source; /* first: a source is its pool */
	int fd, broken_fd;
	pid_t child;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, broken, has_paused;
	struct secret
		*ready; /* room for POOL_SIZE answers in one piece: each by itself would take two pages */
	size_t ready_count;
	struct taker takers[TAKERS_MOST];
	size_t taker_count;
	struct deriver derivers[DERIVERS_MOST];
	size_t deriver_count;
};

static bool read_all(int fd, void *to, size_t len)
{
	uint8_t *at = to;

	while (len) {
		ssize_t got = read(fd, at, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t len)
{
	const uint8_t *at = from;

	while (len) {
		ssize_t done = send(fd, at, len, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		len -= (size_t)done;
	}
	return true;
}

static bool answer_take(int fd)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	struct secret *seed CLEANUP(secret_free) = mailbox_seed(code);
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(seed);
	struct answer answer;
	bool sent;

	memset(&answer, 0, sizeof answer);
	memcpy(answer.code, code->data, MAILBOX_CODE_LEN);
	memcpy(answer.mailbox, mailbox->id, MAILBOX_ID_SIZE);
	answer.recipient = mailbox->recipient;
	answer.signer = mailbox->signer;
	sent = write_all(fd, &answer, sizeof answer);
	secret_wipe(&answer, sizeof answer);
	return sent;
}

static bool answer_derive(int fd)
{
	struct secret *code CLEANUP(secret_free) = secret_new(MAILBOX_CODE_LEN);
	struct secret *seed CLEANUP(secret_free) = NULL;

	if (!read_all(fd, code->data, MAILBOX_CODE_LEN))
		return false;
	seed = mailbox_seed(code);
	return write_all(fd, seed->data, MAILBOX_SEED_LEN);
}

static _Noreturn void child_run(int fd, pid_t parent)
{
	char request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "engabo-codes");
	if (getppid() != parent)
		_exit(0);
	signal(SIGTERM,
		SIG_IGN); /* the parent still has reports to answer; it closes the socket when it is done */
	signal(SIGINT, SIG_IGN);
	if (fd != 3) {
		dup2(fd, 3);
		fd = 3;
	}
	close_range(4, ~0U, 0);
	while (read_all(fd, &request, 1))
		if (!(request == 'T' ? answer_take(fd) : answer_derive(fd)))
			break;
	_exit(0);
}

static bool ask_fresh(struct pool *pool, struct answer *out)
{
	return write_all(pool->fd, "T", 1) && read_all(pool->fd, out, sizeof *out);
}

/* Wipes the answer. */
static struct fresh_code code_of(struct answer *answer)
{
	struct fresh_code code = {
		.code = secret_take(answer->code, MAILBOX_CODE_LEN),
		.recipient = answer->recipient,
		.signer = answer->signer,
	};

	memcpy(code.mailbox, answer->mailbox, MAILBOX_ID_SIZE);
	secret_wipe(answer, sizeof *answer);
	return code;
}

static void put_ready(struct pool *pool, struct answer *answer)
{
	memcpy(pool->ready->data + pool->ready_count++ * sizeof *answer, answer, sizeof *answer);
	secret_wipe(answer, sizeof *answer);
}

static struct fresh_code take_ready(struct pool *pool)
{
	struct answer answer;
	uint8_t *last = pool->ready->data + --pool->ready_count * sizeof answer;

	memcpy(&answer, last, sizeof answer);
	secret_wipe(last, sizeof answer);
	return code_of(&answer);
}

static struct secret *ask_seed(struct pool *pool, const struct secret *code)
{
	struct secret *seed = secret_new(MAILBOX_SEED_LEN);

	if (write_all(pool->fd, "D", 1) && write_all(pool->fd, code->data, MAILBOX_CODE_LEN) &&
		read_all(pool->fd, seed->data, MAILBOX_SEED_LEN))
		return seed;
	secret_free(seed);
	return NULL;
}

static struct taker next_taker(struct pool *pool)
{
	struct taker taker = pool->takers[0];

	pool->taker_count--;
	memmove(pool->takers, pool->takers + 1, pool->taker_count * sizeof taker);
	return taker;
}

static struct deriver next_deriver(struct pool *pool)
{
	struct deriver deriver = pool->derivers[0];

	pool->deriver_count--;
	memmove(pool->derivers, pool->derivers + 1, pool->deriver_count * sizeof deriver);
	return deriver;
}

/* One question to the child; called and returns with the lock held. False: it has died. */
static bool serve_one(struct pool *pool)
{
	if (pool->deriver_count && !pool->taker_count) {
		struct deriver deriver = next_deriver(pool);
		struct secret *seed;

		pthread_mutex_unlock(&pool->lock);
		seed = ask_seed(pool, deriver.code);
		secret_free(deriver.code);
		deriver.done(deriver.user, seed,
			seed ? NULL
			     : error_new(ERROR_UNAVAILABLE, SAY("the process that opens codes has ended")));
		pthread_mutex_lock(&pool->lock);
		return seed != NULL;
	}
	struct answer answer;
	bool is_alive;

	pthread_mutex_unlock(&pool->lock);
	is_alive = ask_fresh(pool, &answer);
	pthread_mutex_lock(&pool->lock);
	if (is_alive && pool->taker_count) {
		struct taker taker = next_taker(pool);
		struct fresh_code code = code_of(&answer);

		pthread_mutex_unlock(&pool->lock);
		taker.done(taker.user, &code, NULL);
		pthread_mutex_lock(&pool->lock);
	} else if (is_alive) {
		put_ready(pool, &answer);
	}
	return is_alive;
}

static void fail_waiting(struct pool *pool)
{
	while (pool->taker_count) {
		struct taker taker = next_taker(pool);

		taker.done(taker.user, NULL,
			error_new(ERROR_UNAVAILABLE, SAY("no receipt code can be made now")));
	}
	while (pool->deriver_count) {
		struct deriver deriver = next_deriver(pool);

		secret_free(deriver.code);
		deriver.done(
			deriver.user, NULL, error_new(ERROR_UNAVAILABLE, SAY("codes cannot be opened now")));
	}
}

/* Whether nobody waits and no code is needed now; has then waited until that may have changed. */
static bool has_rested(struct pool *pool)
{
	struct timespec until;

	if (pool->taker_count || pool->deriver_count || pool->ready_count < POOL_SOON || pool->has_paused) {
		pool->has_paused = false;
		return false;
	}
	if (pool->ready_count == POOL_SIZE) {
		pthread_cond_wait(&pool->changed, &pool->lock);
		return true;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PAUSE_SECONDS;
	pool->has_paused =
		pthread_cond_clockwait(&pool->changed, &pool->lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT;
	return true;
}

static void *pool_loop(void *user)
{
	struct pool *pool = user;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping && !pool->broken)
		if (!has_rested(pool))
			pool->broken = !serve_one(pool);
	if (pool->broken && !pool->stopping) {
		uint64_t one = 1;
		ssize_t told = write(pool->broken_fd, &one, sizeof one);

		(void)told; /* an eventfd at 0 takes 1 */
	}
	fail_waiting(pool);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void pool_take(struct code_source *source, code_taken *done, void *user)
{
	struct pool *pool = (struct pool *)source;
	struct fresh_code code = {.code = NULL};
	bool waits = false;

	pthread_mutex_lock(&pool->lock);
	if (pool->ready_count) {
		code = take_ready(pool);
	} else if (!pool->stopping && !pool->broken && pool->taker_count < TAKERS_MOST) {
		pool->takers[pool->taker_count++] = (struct taker){done, user};
		waits = true;
	}
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	if (code.code)
		done(user, &code, NULL);
	else if (!waits)
		done(user, NULL,
			error_new(ERROR_UNAVAILABLE, SAY("too many reports at once; try again in a minute")));
}

static void pool_derive(struct code_source *source, const struct secret *code, code_derived *done, void *user)
{
	struct pool *pool = (struct pool *)source;
	bool waits = false;

	pthread_mutex_lock(&pool->lock);
	if (!pool->stopping && !pool->broken && pool->deriver_count < DERIVERS_MOST) {
		pool->derivers[pool->deriver_count++] =
			(struct deriver){done, user, secret_copy(code->data, code->len)};
		waits = true;
	}
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	if (!waits)
		done(user, NULL,
			error_new(ERROR_UNAVAILABLE, SAY("too many codes at once; try again in a minute")));
}

const struct error *pool_start(struct pool **out)
{
	struct pool *pool = memory_new(NULL, struct pool);
	pid_t self = getpid();
	int fds[2];

	pool->source = (struct code_source){pool_take, pool_derive};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		memory_free(pool);
		return error_system(errno, "cannot start the process that makes codes");
	}
	pool->fd = fds[0];
	pool->broken_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->child = fork();
	if (pool->child == 0) {
		close(fds[0]);
		child_run(fds[1], self);
	}
	close(fds[1]);
	if (pool->child < 0 || pool->broken_fd < 0) {
		const struct error *error = error_system(errno, "cannot start the process that makes codes");

		close(fds[0]);
		fd_close(pool->broken_fd);
		memory_free(pool);
		return error;
	}
	pool->ready = secret_new(POOL_SIZE * sizeof(struct answer));
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	if (pthread_create(&pool->thread, NULL, pool_loop, pool) != 0)
		abort();
	*out = pool;
	return NULL;
}

struct code_source *pool_source(struct pool *pool)
{
	return &pool->source;
}

int pool_broken_fd(const struct pool *pool)
{
	return pool->broken_fd;
}

void pool_stop(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	kill(pool->child,
		SIGKILL); /* it holds nothing that could be lost, and may be in the middle of a slow step */
	pthread_join(pool->thread, NULL);
	waitpid(pool->child, NULL, 0);
}

void pool_free(struct pool *pool)
{
	secret_free(pool->ready);
	close(pool->fd);
	close(pool->broken_fd);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->changed);
	memory_free(pool);
}
