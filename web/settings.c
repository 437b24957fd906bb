/* Looks at what staff set with the eyes of the pages (see settings.h). How it is written is
 * node/base/config's.
 *
 * Invariant: no role stops for what stands in settings.conf, which every role can write; engabo.conf is the
 * administrator's and must be right. Runs in intake, office and doctor. */
#include "web/settings.h"

#include <string.h>

#include "web/language.h"

/* NULL: all languages are ours. */
static char *complaint(const void *context, const char *codes)
{
	const char *unknown = language_unknown(codes);
	struct buffer *known = buffer_new(context);

	if (!unknown)
		return NULL;
	for (size_t i = 0; language_at(i); i++)
		buffer_format(known, "%s%s", i ? ", " : "", language_code(language_at(i)));
	return memory_format(context, "[intake] languages: there is no language \"%.*s\"; name some of %s",
		(int)strcspn(unknown, " "), unknown, (const char *)buffer_bytes(known).data);
}

const struct error *settings_check(struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *wrong = complaint(scratch, home->config->intake.languages);

	if (!wrong)
		return NULL;
	if (!home->config->without_settings ||
		complaint(scratch, home->config->without_settings->intake.languages))
		return error_new(ERROR_CONFIG, "%s", wrong);
	home_refuse_settings(home, memory_format(scratch, "%s/%s: %s", home->path, CONFIG_SETTINGS, wrong));
	return NULL;
}

const struct error *settings_reload(struct home *home)
{
	TRY(home_reload(home));
	return settings_check(home);
}
