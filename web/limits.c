/* Keeps a flood of slow or idle connections from shutting out a person who needs help: libmicrohttpd's own
 * timeout only counts inactivity, and a byte every five seconds would hold a place for ever.
 *
 * Knows sockets and clocks, nothing of HTTP: web/server.c tells it which phase a connection is in. Sockets
 * are shut down, never closed, and only while their connection is in the list, so that a number that the
 * system has given out again is never touched. A connection whose answer we owe (LIMITS_WORK) is never shut
 * down. The thread sleeps without waking while nobody is connected. Runs in intake, office and sync. */
#include "web/limits.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/memory.h"

#define GRACE_MS 8000
#define BYTES_A_SECOND 2000
#define IDLE_MS 60000
#define NEVER INT64_MAX
#define CROWDED (LIMITS_CONNECTIONS - 32)

struct limits_connection {
	struct limits_connection *next, *previous;
	int socket;		 /* -1: kept for one that is on its way in */
	struct in6_addr address; /* IPv4 mapped */
	struct in6_addr group;	 /* of it (limits_group) */
	size_t of_group;	 /* how many this group has, this one too */
	bool is_shut, has_begun; /* has_begun: idle, but the next request's first bytes are there */
	char text[LIMITS_ADDRESS_SIZE];
	enum limits_phase phase;
	int64_t since, deadline; /* boot clock, ms */
	uint64_t received;	 /* idle: what the socket had received when it became so */
};

struct limits {
	pthread_mutex_t mutex;
	pthread_cond_t earlier; /* for the reaper: there is an earlier deadline */
	pthread_cond_t calmer;	/* for limits_wait: a connection has moved on */
	pthread_t reaper;
	bool is_limited, is_waiting, is_stopping;
	struct limits_connection *first;
	size_t count;
	int64_t next; /* when the reaper looks again */
};

static void address_of(const struct sockaddr *from, struct in6_addr *out)
{
	memset(out, 0, sizeof *out);
	if (from->sa_family == AF_INET6) {
		*out = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	} else if (from->sa_family == AF_INET) {
		out->s6_addr[10] = out->s6_addr[11] = 0xff;
		memcpy(&out->s6_addr[12], &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	}
}

#define GLOBAL_MASK 0xe0 /* 2000::/3 (RFC 4291, section 2.4) */
#define GLOBAL_BITS 0x20
#define NETWORK_LEN 8

static struct in6_addr group_of(struct in6_addr address)
{
	if ((address.s6_addr[0] & GLOBAL_MASK) == GLOBAL_BITS)
		memset(address.s6_addr + NETWORK_LEN, 0, sizeof address.s6_addr - NETWORK_LEN);
	return address;
}

void limits_group(char group[static LIMITS_ADDRESS_SIZE], const char *address)
{
	struct in6_addr parsed;

	if (inet_pton(AF_INET6, address, &parsed) == 1) {
		parsed = group_of(parsed);
		inet_ntop(AF_INET6, &parsed, group, LIMITS_ADDRESS_SIZE);
	} else {
		snprintf(group, LIMITS_ADDRESS_SIZE, "%s", address);
	}
}

static bool is_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool has_address(const struct limits_connection *connection, const struct in6_addr *address)
{
	return memcmp(&connection->address, address, sizeof *address) == 0;
}

static bool has_group(const struct limits_connection *connection, const struct in6_addr *group)
{
	return memcmp(&connection->group, group, sizeof *group) == 0;
}

static size_t count_of(const struct limits *limits, const struct in6_addr *address)
{
	size_t count = 0;

	for (const struct limits_connection *c = limits->first; c; c = c->next)
		count += has_address(c, address);
	return count;
}

static size_t count_of_group(const struct limits *limits, const struct in6_addr *group)
{
	for (const struct limits_connection *c = limits->first; c; c = c->next)
		if (has_group(c, group))
			return c->of_group;
	return 0;
}

static void set_count_of(struct limits *limits, const struct in6_addr *group, size_t count)
{
	for (struct limits_connection *c = limits->first; c; c = c->next)
		if (has_group(c, group))
			c->of_group = count;
}

static void add(struct limits *limits, struct limits_connection *connection)
{
	size_t count = count_of_group(limits, &connection->group);

	connection->next = limits->first;
	if (limits->first)
		limits->first->previous = connection;
	limits->first = connection;
	limits->count++;
	set_count_of(limits, &connection->group, count + 1);
}

static void take_out(struct limits *limits, struct limits_connection *connection)
{
	if (connection->next)
		connection->next->previous = connection->previous;
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		limits->first = connection->next;
	set_count_of(limits, &connection->group, connection->of_group - 1);
	if (limits->is_waiting || limits->count == LIMITS_CONNECTIONS)
		pthread_cond_broadcast(&limits->calmer);
	limits->count--;
	talloc_free(connection);
}

static struct limits_connection *find_reserved(const struct limits *limits, const struct in6_addr *address)
{
	for (struct limits_connection *c = limits->first; c; c = c->next)
		if (c->socket < 0 && has_address(c, address))
			return c;
	return NULL;
}

/* Bytes that this socket has received in its life, read or not; 0 when the system does not say. */
static uint64_t received_by(int socket)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;

	return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

static void shut(struct limits_connection *connection)
{
	connection->is_shut = true;
	connection->deadline = NEVER;
	shutdown(connection->socket, SHUT_RDWR);
}

/* What becomes of a connection whose deadline has passed. An idle one that has sent nothing since may stay a
 * while. */
static void expire(struct limits_connection *connection, int64_t now)
{
	if (connection->phase != LIMITS_IDLE || connection->has_begun || now - connection->since >= IDLE_MS) {
		shut(connection);
		return;
	}
	connection->has_begun = received_by(connection->socket) != connection->received;
	connection->deadline = now + GRACE_MS;
}

/* Holding the mutex; until the boot clock says `when`, or something has changed. */
static void wait_for(struct limits *limits, pthread_cond_t *condition, int64_t when)
{
	struct timespec until;
	int64_t wait;

	if (when == NEVER) {
		pthread_cond_wait(condition, &limits->mutex);
		return;
	}
	wait = when - clock_boot_ms() + 1;
	if (wait < 0)
		wait = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	wait += until.tv_nsec / 1000000;
	until.tv_sec += wait / 1000;
	until.tv_nsec = wait % 1000 * 1000000;
	pthread_cond_clockwait(condition, &limits->mutex, CLOCK_MONOTONIC, &until);
}

static void *reap(void *user)
{
	struct limits *limits = user;

	pthread_mutex_lock(&limits->mutex);
	while (!limits->is_stopping) {
		int64_t now = clock_boot_ms();

		limits->next = NEVER;
		for (struct limits_connection *c = limits->first; c; c = c->next) {
			if (c->deadline <= now)
				expire(c, now);
			if (c->deadline < limits->next)
				limits->next = c->deadline;
		}
		wait_for(limits, &limits->earlier, limits->next);
	}
	pthread_mutex_unlock(&limits->mutex);
	return NULL;
}

const struct error *limits_start(bool is_limited, struct limits **out)
{
	struct limits *limits = memory_new(NULL, struct limits);
	int status;

	limits->is_limited = is_limited;
	limits->next = NEVER;
	pthread_mutex_init(&limits->mutex, NULL);
	pthread_cond_init(&limits->earlier, NULL);
	pthread_cond_init(&limits->calmer, NULL);
	status = pthread_create(&limits->reaper, NULL, reap, limits);
	if (status) {
		talloc_free(limits);
		return error_system(status, "cannot start the thread that closes slow connections");
	}
	*out = limits;
	return NULL;
}

void limits_stop(struct limits *limits)
{
	pthread_mutex_lock(&limits->mutex);
	limits->is_stopping = true;
	pthread_cond_signal(&limits->earlier);
	pthread_mutex_unlock(&limits->mutex);
	pthread_join(limits->reaper, NULL);
	while (limits->first) /* kept for connections that never came */
		take_out(limits, limits->first);
	pthread_cond_destroy(&limits->earlier);
	pthread_cond_destroy(&limits->calmer);
	pthread_mutex_destroy(&limits->mutex);
	talloc_free(limits);
}

/* Of two connections of equally greedy addresses: an idle one loses nothing but a new handshake; then the
 * oldest. */
static bool gives_up_before(const struct limits_connection *one, const struct limits_connection *other)
{
	bool is_idle = one->phase == LIMITS_IDLE && !one->has_begun;
	bool is_other_idle = other->phase == LIMITS_IDLE && !other->has_begun;

	return is_idle != is_other_idle ? is_idle : one->since <= other->since;
}

/* Frees the place of one waiting connection of the address that has the most of them. */
static void make_room(struct limits *limits)
{
	struct limits_connection *victim = NULL;

	for (struct limits_connection *c = limits->first; c; c = c->next) {
		if (c->socket < 0 || c->is_shut || c->phase == LIMITS_WORK)
			continue;
		if (!victim || c->of_group > victim->of_group ||
			(c->of_group == victim->of_group && gives_up_before(c, victim)))
			victim = c;
	}
	if (victim)
		shut(victim);
}

/* Holding the mutex. */
static void set_deadline(struct limits *limits, struct limits_connection *connection, size_t size)
{
	connection->since = clock_boot_ms();
	connection->deadline =
		connection->is_shut || connection->phase == LIMITS_WORK
			? NEVER
			: connection->since + GRACE_MS + (int64_t)(size * 1000 / BYTES_A_SECOND);
	if (connection->deadline < limits->next)
		pthread_cond_signal(&limits->earlier);
	if (limits->is_waiting)
		pthread_cond_broadcast(&limits->calmer);
}

bool limits_reserve(struct limits *limits, const struct sockaddr *from)
{
	struct limits_connection *place = NULL;
	struct in6_addr address;

	address_of(from, &address);
	pthread_mutex_lock(&limits->mutex);
	if (!limits->is_limited || is_loopback(&address) || count_of(limits, &address) < LIMITS_AN_ADDRESS) {
		if (limits->count >= CROWDED)
			make_room(limits);
		place = memory_new(NULL, struct limits_connection);
		place->socket = -1;
		place->address = address;
		place->group = group_of(address);
		place->deadline = NEVER;
		add(limits, place);
	}
	pthread_mutex_unlock(&limits->mutex);
	return place;
}

void limits_cancel(struct limits *limits, const struct sockaddr *from)
{
	struct limits_connection *place;
	struct in6_addr address;

	address_of(from, &address);
	pthread_mutex_lock(&limits->mutex);
	place = find_reserved(limits, &address);
	if (place)
		take_out(limits, place);
	pthread_mutex_unlock(&limits->mutex);
}

struct limits_connection *limits_enter(struct limits *limits, int socket, const struct sockaddr *from)
{
	struct limits_connection *connection;
	struct in6_addr address;

	address_of(from, &address);
	pthread_mutex_lock(&limits->mutex);
	connection = find_reserved(limits, &address);
	assert(connection);
	connection->socket = socket;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		inet_ntop(AF_INET, &address.s6_addr[12], connection->text, sizeof connection->text);
	else
		inet_ntop(AF_INET6, &address, connection->text, sizeof connection->text);
	set_deadline(limits, connection, 0);
	pthread_mutex_unlock(&limits->mutex);
	return connection;
}

void limits_leave(struct limits *limits, struct limits_connection *connection)
{
	pthread_mutex_lock(&limits->mutex);
	take_out(limits, connection);
	pthread_mutex_unlock(&limits->mutex);
}

void limits_phase(
	struct limits *limits, struct limits_connection *connection, enum limits_phase phase, size_t size)
{
	pthread_mutex_lock(&limits->mutex);
	if (phase == LIMITS_HEADERS &&
		connection->phase ==
			LIMITS_HEADERS) { /* the first request's clock runs since the connection began */
		pthread_mutex_unlock(&limits->mutex);
		return;
	}
	connection->phase = phase;
	connection->has_begun = false;
	if (phase == LIMITS_IDLE)
		connection->received = received_by(connection->socket);
	set_deadline(limits, connection, size);
	pthread_mutex_unlock(&limits->mutex);
}

void limits_received(struct limits *limits, struct limits_connection *connection, size_t size)
{
	pthread_mutex_lock(&limits->mutex);
	if (connection->phase == LIMITS_BODY && !connection->is_shut)
		connection->deadline += (int64_t)(size * 1000 / BYTES_A_SECOND);
	pthread_mutex_unlock(&limits->mutex);
}

const char *limits_address(const struct limits_connection *connection)
{
	return connection->text;
}

static bool has_phase(const struct limits *limits, bool only_work)
{
	for (const struct limits_connection *c = limits->first; c; c = c->next)
		if (c->phase == LIMITS_WORK ||
			(!only_work && !c->is_shut && (c->phase == LIMITS_BODY || c->phase == LIMITS_ANSWER)))
			return true;
	return false;
}

bool limits_has_place(struct limits *limits, int at_most_ms)
{
	int64_t until = clock_boot_ms() + at_most_ms;
	bool has_place;

	pthread_mutex_lock(&limits->mutex);
	while (limits->count >= LIMITS_CONNECTIONS && clock_boot_ms() < until)
		wait_for(limits, &limits->calmer, until);
	has_place = limits->count < LIMITS_CONNECTIONS;
	pthread_mutex_unlock(&limits->mutex);
	return has_place;
}

void limits_wait(struct limits *limits, int at_most_ms)
{
	int64_t until = clock_boot_ms() + at_most_ms;

	pthread_mutex_lock(&limits->mutex);
	limits->is_waiting = true;
	while (has_phase(limits, clock_boot_ms() >= until))
		wait_for(limits, &limits->calmer, clock_boot_ms() < until ? until : NEVER);
	limits->is_waiting = false;
	pthread_mutex_unlock(&limits->mutex);
}
