/* Opens a hub for one command: the same steps as signing in on the office's page, without its server. What
 * the command then does is its own.
 *
 * Only keyholders get this far: whoever has no slot in the keyring has nothing that opens the card. */
#include "web/commands/keyholder.h"

#include "node/base/files.h"

void keyholder_close(struct keyholder *holder)
{
	holder->in.vault = NULL; /* wiped with the office */
	people_signed_in_wipe(&holder->in);
	office_close(holder->office);
	holder->office = NULL;
	if (holder->lock > 0)
		fd_close(holder->lock);
	holder->lock = -1;
}

/* The running role keeps its database; a reader's view of it is enough then. */
static const struct error *open_office(const void *context, struct keyholder *holder)
{
	const struct error *error =
		files_lock(home_file(context, holder->home, "run/office.lock"), &holder->lock);

	if (error && error->code != ERROR_UNAVAILABLE)
		return error;
	if (error)
		holder->lock = -1;
	return office_open(context, holder->home, holder->lock >= 0, &holder->office);
}

static const struct error *open_records(const void *context, struct keyholder *holder, const struct as *as)
{
	struct secret *passphrase CLEANUP(secret_free) = NULL;
	struct vault *vault;

	TRY(as_ask(as, &passphrase));
	TRY(people_open(holder->home, as->name, passphrase, &holder->in));
	vault = holder->in.vault;
	holder->in.vault = NULL;
	TRY(office_unlock(holder->office, vault));
	holder->in.vault = vault;
	TRY(people_find(context, holder->office->file, as->name, &holder->person));
	return people_holds(&holder->person, &holder->in);
}

const struct error *keyholder_open(const void *context, const char *state, const struct as *as,
	enum access access, struct keyholder *out)
{
	struct keyholder holder = {.lock = -1};
	const struct error *error;

	TRY(home_open(context, state, &holder.home));
	error = open_office(context, &holder);
	if (!error)
		error = open_records(context, &holder, as);
	if (!error && !access_may(holder.person.role, access))
		error = error_new(ERROR_DENIED, "%s, as %s, may not do this; ask a coordinator", as->name,
			person_role_name(holder.person.role));
	if (error) {
		keyholder_close(&holder);
		return error;
	}
	*out = holder;
	out->reader = people_reader(&out->person);
	casefile_read_as(out->office->file, &out->reader);
	return NULL;
}

struct batch *keyholder_batch(const void *context, const struct keyholder *holder)
{
	return batch_new(context, holder->office, holder->person.name);
}
