/* Lets connections in (door.h), so that a flood of them costs an honest phone nothing but its turn. The
 * server's own thread takes one a round, and a round may hold many handshakes; here each costs some
 * microseconds.
 *
 * Knows nothing of HTTP and TLS; who has a place, limits.c knows. When all places are taken by requests that
 * we owe an answer, new ones wait in the kernel's queue and are refused by nobody. Runs in intake, office and
 * sync. */
#include "web/door.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/memory.h"

#define BACKLOG 4096
#define PORT_WAIT_MS 4000 /* less than a keeper gives its roles to end */
#define ROUND 512	  /* then it is looked whether to close */
#define WAIT_MS 50	  /* until it is looked whether to close, or whether the system has room again */

struct door {
	pthread_t thread;
	int listening, closing; /* an eventfd */
	struct limits *limits;
	door_enter *enter;
	void *user;
};

/* What was killed together with its keeper may hold the port for as long as it takes to end. */
static int bind_to(int fd, const struct addrinfo *address)
{
	int64_t deadline = clock_boot_ms() + PORT_WAIT_MS;

	while (bind(fd, address->ai_addr, address->ai_addrlen) != 0) {
		if (errno != EADDRINUSE || clock_boot_ms() > deadline)
			return -1;
		nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
	}
	return 0;
}

static const struct error *cannot_listen(int status, const char *address, int port)
{
	if (status == EADDRINUSE)
		return error_new(ERROR_CONFIG,
			"cannot listen on port %d: another program uses it; end that, or set another port "
			"in engabo.conf",
			port);
	if (status == EADDRNOTAVAIL) /* it may come with its network */
		return error_new(ERROR_UNAVAILABLE,
			"cannot listen on %s: this machine has no such address now; is the network plugged "
			"in?",
			address);
	if (status == EACCES)
		return error_new(ERROR_CONFIG,
			"cannot listen on port %d: this user may not; set a port above 1023 in engabo.conf",
			port);
	return error_system(status, "cannot listen on %s port %d", address, port);
}

const struct error *door_listen(const char *address, int port, int *out, int *port_out)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	struct sockaddr_in6 bound = {0}; /* of IPv4 too: the port is at the same place */
	socklen_t len = sizeof bound;
	char port_text[16];
	int fd, status, failed, on = 1, off = 0;

	snprintf(port_text, sizeof port_text, "%d", port);
	status = getaddrinfo(address, port_text, &hints, &found);
	if (status)
		return error_new(ERROR_CONFIG, "%s port %d: not an address to listen on: %s", address, port,
			gai_strerror(status));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
		 /* Accepted sockets inherit it: an answer never waits for an acknowledgement. */
		 setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
		 (found->ai_family == AF_INET6 &&
			 setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
		 bind_to(fd, found) != 0 || listen(fd, BACKLOG) != 0 ||
		 getsockname(fd, (struct sockaddr *)&bound, &len) != 0;
	status = errno;
	freeaddrinfo(found);
	if (failed) {
		fd_close(fd);
		return cannot_listen(status, address, port);
	}
	*port_out = ntohs(bound.sin6_port);
	*out = fd;
	return NULL;
}

/* A reset: a flood that is turned away leaves nothing behind in the kernel. */
static void turn_away(int socket)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(socket);
}

/* False when nobody more is there, or there is nothing to take them with. */
static bool take_one(const struct door *door)
{
	struct sockaddr_storage address;
	struct sockaddr *from = (struct sockaddr *)&address;
	socklen_t len = sizeof address;
	int socket = accept4(door->listening, from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (socket < 0)
		return errno == EINTR || errno == ECONNABORTED;
	if (limits_reserve(door->limits, from))
		door->enter(door->user, socket, from, len);
	else
		turn_away(socket);
	return true;
}

static void *stand(void *user)
{
	const struct door *door = user;
	struct pollfd waits[2] = {
		{.fd = door->closing, .events = POLLIN}, {.fd = door->listening, .events = POLLIN}};

	for (;;) {
		bool has_place = limits_has_place(door->limits, WAIT_MS);

		if (poll(waits, 2, has_place ? -1 : 0) < 0 && errno != EINTR)
			poll(waits, 1, WAIT_MS);
		if (waits[0].revents)
			return NULL;
		if (!has_place || !waits[1].revents)
			continue;
		errno = 0;
		for (int i = 0; i < ROUND && take_one(door) && limits_has_place(door->limits, 0); i++)
			;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			poll(waits, 1, WAIT_MS);
	}
}

const struct error *door_open(
	int listening, struct limits *limits, door_enter *enter, void *user, struct door **out)
{
	struct door *door = memory_new(NULL, struct door);
	int status;

	*door = (struct door){.listening = listening, .limits = limits, .enter = enter, .user = user};
	door->closing = eventfd(0, EFD_CLOEXEC);
	status = door->closing < 0 ? errno : pthread_create(&door->thread, NULL, stand, door);
	if (status) {
		fd_close(door->closing);
		fd_close(listening);
		talloc_free(door);
		return error_system(status, "cannot start the thread that takes connections");
	}
	*out = door;
	return NULL;
}

void door_close(struct door *door)
{
	const uint64_t one = 1;
	ssize_t told = write(door->closing, &one, sizeof one);

	(void)told; /* an eventfd at 0 takes 1 */
	pthread_join(door->thread, NULL);
	close(door->listening);
	close(door->closing);
	talloc_free(door);
}
