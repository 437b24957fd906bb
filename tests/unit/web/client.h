/* A browser for tests of the server: raw sockets, so that it can misbehave. Include after cmocka.h. */
#ifndef ENGABO_TESTS_WEB_CLIENT_H
#define ENGABO_TESTS_WEB_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "node/base/text.h"
#include "web/server.h"

static inline void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static inline int connect_to(const struct server *server)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port(server))};
	struct timeval patience = {60, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static inline void send_text(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the other side may have had enough already */
		text += sent;
		len -= (size_t)sent;
	}
}

/* Everything until the server closes. */
static inline char *read_all(void *context, int fd)
{
	struct buffer *all = buffer_new(context);
	char part[4096];
	ssize_t got;

	while ((got = recv(fd, part, sizeof part, 0)) > 0)
		buffer_add(all, part, (size_t)got);
	return (char *)all->data;
}

/* One request on a connection of its own. */
static inline char *ask_at(void *context, const struct server *server, const char *request)
{
	int fd = connect_to(server);
	char *answer;

	send_text(fd, request);
	answer = read_all(context, fd);
	close(fd);
	return answer;
}

static inline int status_of(const char *answer)
{
	return text_starts(answer, "HTTP/1.1 ") ? atoi(answer + 9) : 0;
}

/* Each line behind a '#', so that prove still reads what follows. */
static inline void print_lines(const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		printf("# %.*s\n", (int)len, text);
	}
}

static inline void assert_has(const char *answer, const char *part)
{
	if (!strstr(answer, part)) {
		print_lines(part);
		print_lines("is not in");
		print_lines(answer);
	}
	assert_non_null(strstr(answer, part));
}

#endif
