/* The price of a wrong passphrase. What a passphrase itself costs (Argon2id) is the keyring's; this is about
 * how often one may try.
 *
 * Ten thousand guesses come to fewer than ten a minute whatever name they use, and the owner still gets in.
 * Office role. */
#include "web/office/throttle.h"

#include <string.h>

#include "node/base/ids.h"
#include "node/vault/digest.h"

#define PLACES 1024
#define STEP_MS 5000
#define FREE_MS 15000
#define MOST_MS (10 * 60 * 1000)
#define FORGET_MS (60 * 60 * 1000)

struct failures {
	unsigned count;
	int64_t last_ms;
};

struct throttle {
	uint8_t key[32]; /* so that nobody outside can choose who shares a place */
	struct failures accounts[PLACES], sources[PLACES], devices[PLACES];
};

struct throttle *throttle_new(const void *context)
{
	struct throttle *throttle = memory_new(context, struct throttle);

	ids_random(throttle->key, sizeof throttle->key);
	return throttle;
}

static size_t place_of(const struct throttle *throttle, const char *name)
{
	uint8_t hash[DIGEST_LEN];

	digest_hmac(hash, throttle->key, (struct bytes){(const uint8_t *)name, strlen(name)});
	return (hash[0] << 8 | hash[1]) % PLACES;
}

static int64_t wait_of(const struct failures *failures, int64_t now_ms)
{
	int64_t delay = (int64_t)failures->count * STEP_MS, passed = now_ms - failures->last_ms;

	if (delay <= FREE_MS || passed > FORGET_MS)
		return 0;
	if (delay > MOST_MS)
		delay = MOST_MS;
	return passed < delay ? delay - passed : 0;
}

int64_t throttle_wait_ms(const struct throttle *throttle, const struct throttle_who *who, int64_t now_ms)
{
	int64_t account, source;

	if (who->device)
		return wait_of(&throttle->devices[place_of(throttle, who->device)], now_ms);
	account = wait_of(&throttle->accounts[place_of(throttle, who->account)], now_ms);
	source = wait_of(&throttle->sources[place_of(throttle, who->source)], now_ms);
	return account > source ? account : source;
}

static void add(struct failures *failures, int64_t now_ms)
{
	if (now_ms - failures->last_ms > FORGET_MS)
		failures->count = 0;
	failures->count++;
	failures->last_ms = now_ms;
}

void throttle_failed(struct throttle *throttle, const struct throttle_who *who, int64_t now_ms)
{
	add(&throttle->accounts[place_of(throttle, who->account)], now_ms);
	if (who->device)
		add(&throttle->devices[place_of(throttle, who->device)], now_ms);
	else
		add(&throttle->sources[place_of(throttle, who->source)], now_ms);
}

void throttle_succeeded(struct throttle *throttle, const struct throttle_who *who)
{
	if (who->device) {
		throttle->devices[place_of(throttle, who->device)].count = 0;
		return;
	}
	throttle->accounts[place_of(throttle, who->account)].count = 0;
	throttle->sources[place_of(throttle, who->source)].count = 0;
}
