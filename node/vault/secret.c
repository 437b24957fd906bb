/* Secrets in memory that is never paged out, never dumped and wiped when freed: see secret.h.
 *
 * Everything that opens a record, speaks for a hub or for a person passes through here; what is done with it
 * belongs to the other files of this folder. Guards: a secret has one owner, and its bytes are gone when that
 * owner lets go. Used by every process. */
#include "node/vault/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void secret_start(void)
{
	const struct rlimit none = {0, 0};

	if (sodium_init() < 0)
		abort();
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		abort();
}

/* Walling in a room takes a dozen calls to the system, and sealing one report needs half a dozen rooms. So a
 * few are kept when their secret is freed, wiped, each for the next secret of the very same size: its end
 * still touches the wall. */
#define ROOMS_KEPT 32
#define ROOM_KEPT_MAX 8192

static struct room {
	uint8_t *data; /* NULL: none here */
	size_t len;
} rooms[ROOMS_KEPT];
static pthread_mutex_t rooms_lock = PTHREAD_MUTEX_INITIALIZER;

static uint8_t *room_take(size_t len)
{
	uint8_t *data = NULL;

	pthread_mutex_lock(&rooms_lock);
	for (size_t i = 0; i < ROOMS_KEPT && !data; i++)
		if (rooms[i].data && rooms[i].len == len) {
			data = rooms[i].data;
			rooms[i].data = NULL;
		}
	pthread_mutex_unlock(&rooms_lock);
	if (data)
		return data;
	data = sodium_malloc(len);
	if (!data)
		abort();
	sodium_memzero(data, len);
	return data;
}

/* A kept room that nobody wants any more makes place for this one. */
static void room_leave(uint8_t *data, size_t len)
{
	static size_t oldest;
	size_t place = ROOMS_KEPT;

	if (len > ROOM_KEPT_MAX) {
		sodium_free(data);
		return;
	}
	sodium_memzero(data, len);
	pthread_mutex_lock(&rooms_lock);
	for (size_t i = 0; i < ROOMS_KEPT && place == ROOMS_KEPT; i++)
		if (!rooms[i].data)
			place = i;
	if (place == ROOMS_KEPT) {
		place = oldest;
		oldest = (oldest + 1) % ROOMS_KEPT;
	}
	struct room old = rooms[place];

	rooms[place] = (struct room){data, len};
	pthread_mutex_unlock(&rooms_lock);
	sodium_free(old.data);
}

struct secret *secret_new(size_t len)
{
	struct secret *secret = malloc(sizeof *secret);

	if (!secret)
		abort();
	secret->len = len;
	secret->data = room_take(len + 1);
	return secret;
}

struct secret *secret_random(size_t len)
{
	struct secret *secret = secret_new(len);

	randombytes_buf(secret->data, len);
	return secret;
}

struct secret *secret_copy(const void *data, size_t len)
{
	struct secret *secret = secret_new(len);

	if (len)
		memcpy(secret->data, data, len);
	return secret;
}

struct secret *secret_take(void *data, size_t len)
{
	struct secret *secret = secret_copy(data, len);

	secret_wipe(data, len);
	return secret;
}

void secret_free(struct secret *secret)
{
	if (!secret)
		return;
	room_leave(secret->data, secret->len + 1);
	free(secret);
}

/* Until the end of the file, or until `content` is full. */
static const struct error *read_into(struct secret *content, int fd, const char *path, size_t *len)
{
	while (*len < content->len) {
		ssize_t got = read(fd, content->data + *len, content->len - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(errno, "cannot read %s", path);
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	return NULL;
}

const struct error *secret_read(const char *path, size_t max, struct secret **out)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const struct error *error;
	struct secret *content;
	size_t len = 0;

	if (fd < 0)
		return error_system(errno, "cannot read %s", path);
	content = secret_new(max + 1);
	error = read_into(content, fd, path, &len);
	if (!error && len > max)
		error = error_new(ERROR_INVALID, "%s is larger than %zu bytes", path, max);
	if (!error)
		*out = secret_copy(content->data, len);
	secret_free(content);
	return error;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && secret_bytes_equal(a->data, b->data, a->len);
}

bool secret_bytes_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || sodium_memcmp(a, b, len) == 0;
}

void secret_wipe(void *data, size_t len)
{
	if (len)
		sodium_memzero(data, len);
}
