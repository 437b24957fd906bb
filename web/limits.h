/* Who may connect and how long a connection may take: so that slow and many ones never keep an honest phone
 * out.
 *
 * A connection goes through these phases; those that wait for the client have a deadline, and the reaper
 * shuts a socket down whose deadline has passed. The server then sees an end of file and closes it. When
 * nearly all places are taken, the place of a waiting connection is freed for each new one: of the address
 * (limits_group) that has the most, and there one that is idle, or else the oldest. Thread-safe. */
#ifndef ENGABO_WEB_LIMITS_H
#define ENGABO_WEB_LIMITS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "node/base/error.h"

#define LIMITS_CONNECTIONS 256
#define LIMITS_AN_ADDRESS 32
#define LIMITS_ADDRESS_SIZE 64

enum limits_phase {
	LIMITS_HEADERS, /* TLS handshake and the request's headers: 8 s */
	LIMITS_BODY,	/* 8 s, and 1 s more for each 2 kB received */
	LIMITS_WORK,	/* ours: a handler at work or a suspended request; no deadline, never shut down */
	LIMITS_ANSWER,	/* 8 s, and 1 s more for each 2 kB to send */
	LIMITS_IDLE,	/* kept alive: 60 s without a byte, or 8 to 16 s for the next request's first line */
};

struct limits;
struct limits_connection;

/* `is_limited` false: any number an address (the bench). ERROR_SYSTEM when the reaper's thread cannot start.
 */
const struct error *limits_start(bool is_limited, struct limits **out) MUST_CHECK;
/* After the last connection has left. */
void limits_stop(struct limits *limits);
/* Whether somebody can be let in; when all places are taken, waits so long for one to be left. */
bool limits_has_place(struct limits *limits, int at_most_ms);
/* Whether this address has a place left (loopback always has); then it is kept until limits_enter or
 * limits_cancel. When places are few, one that waits is asked to go. */
bool limits_reserve(struct limits *limits, const struct sockaddr *address);
/* Whoever had that place is not coming. */
void limits_cancel(struct limits *limits, const struct sockaddr *address);
/* A new connection, at the place that was kept for it, in LIMITS_HEADERS. Valid until limits_leave, which
 * must come before the socket is closed. */
struct limits_connection *limits_enter(struct limits *limits, int socket, const struct sockaddr *address);
void limits_leave(struct limits *limits, struct limits_connection *connection);
/* `size`: bytes to send, for LIMITS_ANSWER. */
void limits_phase(
	struct limits *limits, struct limits_connection *connection, enum limits_phase phase, size_t size);
/* More of the body has come. */
void limits_received(struct limits *limits, struct limits_connection *connection, size_t size);
/* Whose address in numbers this is, as far as others can be told from it: who has one global IPv6 address has
 * all of its /64, so that counts as one; IPv4 and those that are local to a network count by themselves,
 * because their /64 would be everybody in the room. */
void limits_group(char group[static LIMITS_ADDRESS_SIZE], const char *address);
/* In numbers, IPv4 without "::ffff:". */
const char *limits_address(const struct limits_connection *connection);
/* Waits until no connection is in BODY, WORK or ANSWER, at most so long; then, as long as it takes, until
 * none is in WORK. */
void limits_wait(struct limits *limits, int at_most_ms);

#endif
