/* Many phones at once, for the bench: asks an https server as fast as it answers and says how that went, as
 * one line of JSON.
 *
 *   load [-c CLIENTS] [-s SECONDS] [-n REQUESTS] [-N] [-b BODIES] [-x BEFORE] PORT PATH
 *
 * -c clients at a time, each a thread with a connection of its own (1). -s stop after so many seconds (5); -n
 * after so many requests in all. -N a new connection and TLS handshake for each request. -b a file with a
 * form body a line: POST, each line once and then from the start again. -x print what stands between BEFORE
 * and the next '"' of each page instead of the JSON: form tokens for -b.
 *
 * An answer below 400 counts as good; time is from the first byte sent (with -N from the connect) to the last
 * one received. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 262144

static int clients = 1, port;
static double seconds = 5;
static long requests_max;
static bool is_new_each;
static const char *path, *before;
static char **bodies;
static size_t body_count;
static atomic_size_t next_body;
static atomic_long begun, good, bad;
static int64_t deadline;

struct client {
	pthread_t thread;
	gnutls_session_t session;
	int fd;
	bool is_open;
	uint32_t *times; /* of good answers, microseconds */
	size_t count, room;
	char *answer, *request;
};

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priorities;

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void *grow(void *old, size_t size)
{
	void *grown = realloc(old, size);

	if (!grown)
		abort();
	return grown;
}

static void hang_up(struct client *client)
{
	if (!client->is_open)
		return;
	gnutls_deinit(client->session);
	close(client->fd);
	client->is_open = false;
}

static bool call(struct client *client)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, status;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return false;
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
	gnutls_priority_set(client->session, priorities);
	gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(client->session, client->fd);
	gnutls_handshake_set_timeout(client->session, 30000);
	client->is_open = true;
	if (connect(client->fd, (struct sockaddr *)&to, sizeof to) != 0)
		return false;
	do
		status = gnutls_handshake(client->session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	return status == 0;
}

/* The length of the whole answer, once its headers are there; 0 before. */
static size_t whole_len(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n"), *len = strcasestr(answer, "\r\nContent-Length:");

	if (!end)
		return 0;
	return (size_t)(end + 4 - answer) + (len && len < end ? strtoul(len + 17, NULL, 10) : 0);
}

/* One request; the answer with a NUL behind it in client->answer. False when the connection broke. */
static bool exchange(struct client *client, size_t request_len)
{
	size_t got = 0, whole = 0;

	for (size_t sent = 0; sent < request_len;) {
		ssize_t more =
			gnutls_record_send(client->session, client->request + sent, request_len - sent);

		if (more <= 0 && more != GNUTLS_E_AGAIN && more != GNUTLS_E_INTERRUPTED)
			return false;
		sent += more > 0 ? (size_t)more : 0;
	}
	while (!whole || got < whole) {
		ssize_t more = gnutls_record_recv(client->session, client->answer + got, ANSWER_MAX - got);

		if (more == GNUTLS_E_AGAIN || more == GNUTLS_E_INTERRUPTED)
			continue;
		if (more <= 0)
			return false;
		got += (size_t)more;
		client->answer[got] = 0;
		if (!whole)
			whole = whole_len(client->answer);
		if (whole > ANSWER_MAX)
			return false;
	}
	return true;
}

static size_t write_request(struct client *client)
{
	const char *close_it = is_new_each ? "Connection: close\r\n" : "";
	const char *body = body_count ? bodies[atomic_fetch_add(&next_body, 1) % body_count] : NULL;
	size_t room = strlen(path) + (body ? strlen(body) : 0) + 512;

	client->request = grow(client->request, room);
	return (size_t)(body ? snprintf(client->request, room,
				       "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: "
				       "https://localhost:%d\r\n%s"
				       "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
				       "%zu\r\n\r\n%s",
				       path, port, port, close_it, strlen(body), body)
			     : snprintf(client->request, room,
				       "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n%s\r\n", path, port,
				       close_it));
}

static void extract(const char *answer)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const char *found = strstr(answer, before);

	if (!found)
		return;
	found += strlen(before);
	pthread_mutex_lock(&lock);
	printf("%.*s\n", (int)strcspn(found, "\""), found);
	pthread_mutex_unlock(&lock);
}

static void *run(void *user)
{
	struct client *client = user;

	client->answer = grow(NULL, ANSWER_MAX + 1);
	while (now_us() < deadline && (!requests_max || atomic_fetch_add(&begun, 1) < requests_max)) {
		size_t len = write_request(client);
		int64_t start = now_us();
		bool is_good = (client->is_open || call(client)) && exchange(client, len) &&
			       atoi(client->answer + 9) < 400;

		if (!is_good) {
			atomic_fetch_add(&bad, 1);
			hang_up(client);
			continue;
		}
		atomic_fetch_add(&good, 1);
		if (client->count == client->room) {
			client->room = client->room ? 2 * client->room : 1024;
			client->times = grow(client->times, client->room * sizeof *client->times);
		}
		client->times[client->count++] = (uint32_t)(now_us() - start);
		if (before)
			extract(client->answer);
		if (is_new_each || strcasestr(client->answer, "\r\nConnection: close"))
			hang_up(client);
	}
	hang_up(client);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double part(const uint32_t *times, size_t count, double share)
{
	return count ? times[(size_t)((double)(count - 1) * share)] / 1000.0 : 0;
}

static void report(const struct client *all, double took)
{
	uint32_t *times = grow(NULL, sizeof *times);
	size_t count = 0;

	for (int i = 0; i < clients; i++) {
		times = grow(times, (count + all[i].count + 1) * sizeof *times);
		if (all[i].count)
			memcpy(times + count, all[i].times, all[i].count * sizeof *times);
		count += all[i].count;
	}
	qsort(times, count, sizeof *times, compare);
	printf("{\"clients\": %d, \"seconds\": %.3f, \"good\": %ld, \"errors\": %ld, \"per_second\": %.1f, "
	       "\"p50_ms\": %.3f, "
	       "\"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
		clients, took, (long)good, (long)bad, (double)good / took, part(times, count, .5),
		part(times, count, .99), part(times, count, 1));
	free(times);
}

static void read_bodies(const char *name)
{
	FILE *file = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file) {
		perror(name);
		exit(66);
	}
	while ((len = getline(&line, &size, file)) > 0) {
		line[strcspn(line, "\n")] = 0;
		bodies = grow(bodies, (body_count + 1) * sizeof *bodies);
		bodies[body_count++] = strdup(line);
	}
	free(line);
	fclose(file);
}

int main(int count, char **words)
{
	struct client *all;
	int64_t start;
	int option;

	while ((option = getopt(count, words, "c:s:n:Nb:x:")) != -1) {
		switch (option) {
		case 'c':
			clients = atoi(optarg);
			break;
		case 's':
			seconds = atof(optarg);
			break;
		case 'n':
			requests_max = atol(optarg);
			break;
		case 'N':
			is_new_each = true;
			break;
		case 'b':
			read_bodies(optarg);
			break;
		case 'x':
			before = optarg;
			break;
		default:
			return 64;
		}
	}
	if (optind + 2 != count || clients < 1) {
		fprintf(stderr, "usage: load [-c CLIENTS] [-s SECONDS] [-n REQUESTS] [-N] [-b BODIES] [-x "
				"BEFORE] PORT PATH\n");
		return 64;
	}
	port = atoi(words[optind]);
	path = words[optind + 1];
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_priority_init(&priorities, "NORMAL", NULL);
	all = calloc((size_t)clients, sizeof *all);
	if (!all)
		abort();
	start = now_us();
	deadline = start + (int64_t)((requests_max ? 3600 : seconds) * 1e6);
	for (int i = 0; i < clients; i++)
		if (pthread_create(&all[i].thread, NULL, run, &all[i]) != 0)
			abort();
	for (int i = 0; i < clients; i++)
		pthread_join(all[i].thread, NULL);
	if (!before)
		report(all, (double)(now_us() - start) / 1e6);
	return 0;
}
