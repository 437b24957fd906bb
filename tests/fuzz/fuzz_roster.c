/* Papers and rosters come from other hubs and strangers. The first byte says what the rest is: r roster.json,
 * n the names of members.age, i an invite, j a join request, t trust.json, c the first roster.json of a
 * chain. What is taken must print to something that is taken again, and prints the same. */
#include <assert.h>
#include <string.h>
#include <sys/prctl.h>

#include "node/roster/enrol.h"

static void same(struct bytes a, struct bytes b)
{
	assert(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

static void try_roster(void *context, struct bytes text)
{
	struct roster *roster = memory_new(context, struct roster),
		      *again = memory_new(context, struct roster);
	struct age_recipient headquarters[ROSTER_MEMBERS_MAX];
	struct bytes printed;

	if (roster_parse(text, roster)) {
		assert(roster->version == 0);
		return;
	}
	printed = roster_print(context, roster);
	if (roster_parse(printed, again))
		abort();
	same(printed, roster_print(context, again));
	same(roster_allowed_signers(context, roster), roster_allowed_signers(context, again));
	assert(roster_member(roster, roster->keeper));
	assert(roster_headquarters(roster, headquarters, ROSTER_MEMBERS_MAX) > 0);
}

static void try_names(void *context, struct bytes text)
{
	struct roster_names *names, *again;
	struct secret *printed, *reprinted;

	if (roster_names_parse(context, text, &names))
		return;
	printed = roster_names_print(names);
	if (roster_names_parse(context, (struct bytes){printed->data, printed->len}, &again))
		abort();
	reprinted = roster_names_print(again);
	same((struct bytes){printed->data, printed->len}, (struct bytes){reprinted->data, reprinted->len});
	assert(secret_equal(names->identity, again->identity));
	secret_free(names->identity);
	secret_free(again->identity);
	secret_free(printed);
	secret_free(reprinted);
}

static void try_invite(void *context, struct bytes text)
{
	struct invite *invite, *again;
	struct bytes printed;

	if (invite_parse(context, text, &invite))
		return;
	printed = invite_print(context, invite);
	if (invite_parse(context, printed, &again))
		abort();
	same(printed, invite_print(context, again));
}

static void try_join(void *context, struct bytes text)
{
	struct join_request *request;
	size_t recipients, header_len;

	if (!join_parse(context, text, &request) && age_look(request->names, &recipients, &header_len))
		abort();
}

static void try_trust(void *context, struct bytes text)
{
	struct trust trust, again;

	if (trust_parse(text, &trust))
		return;
	if (trust_parse(trust_print(context, &trust), &again))
		abort();
	assert(memcmp(&trust, &again, sizeof trust) == 0);
}

/* Nothing that is not signed ever enters a chain, whatever the trust says. */
static void try_chain(void *context, struct bytes text)
{
	struct roster *roster = memory_new(context, struct roster);
	struct roster_files files = {.json = text, .members = BYTES_OF("age-encryption.org/v1\n")};
	struct trust trust = {.has_coalition = true};
	struct roster_chain *chain;

	if (!roster_parse(text, roster)) {
		memcpy(trust.coalition, roster->coalition, sizeof trust.coalition);
		files.allowed_signers = roster_allowed_signers(context, roster);
	}
	roster_digest(trust.root, &files);
	chain = roster_chain_new(context, &trust);
	assert(roster_chain_add(chain, &files));
	assert(!roster_chain_newest(chain));
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	secret_start();
	prctl(PR_SET_DUMPABLE, 1); /* so that the leak checker may look */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		char selector;
		void (*try)(void *context, struct bytes text);
	} parsers[] = {{'r', try_roster}, {'n', try_names}, {'i', try_invite}, {'j', try_join},
		{'t', try_trust}, {'c', try_chain}};
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; size && i < sizeof parsers / sizeof *parsers; i++)
		if (data[0] == (uint8_t)parsers[i].selector)
			parsers[i].try(context, (struct bytes){data + 1, size - 1});
	return 0;
}
