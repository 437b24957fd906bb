/* Sticks that somebody put in, for the office's page and for sync, which takes no other place from it. What
 * is a stick is told by where it is mounted: /media, /run/media and /mnt are for what comes and goes.
 *
 * Leaves what lies on one to stick.c. */
#include "sync/plugged.h"

#include <string.h>

#include "node/base/files.h"
#include "node/base/text.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNTINFO_MAX ((size_t)1 << 20)
#define PLUGGED_MAX 32

static bool is_place(const char *path)
{
	return (text_starts(path, "/media/") || text_starts(path, "/run/media/") ||
		       strcmp(path, "/mnt") == 0 || text_starts(path, "/mnt/")) &&
	       text_is_utf8(path, strlen(path)) && !strpbrk(path, "\n\r\t");
}

/* A space is \040 there. In place. */
static void decode(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++)
		if (*c == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' && c[3] >= '0' &&
			c[3] <= '7') {
			*to++ = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
			c += 3;
		} else {
			*to++ = *c;
		}
	*to = '\0';
}

/* "<id> <parent> <device> <root> <place> <options> ... - <type> <source> <options>" */
static bool parse_line(char *line, char **place, bool *is_read_only)
{
	char *words[6], *after = strstr(line, " - ");

	if (!after || text_starts(after + 3, "autofs "))
		return false;
	after++; /* its first space becomes the end of a word */
	for (size_t i = 0; i < 6; i++) {
		words[i] = strsep(&line, " ");
		if (!words[i] || !line)
			return false;
	}
	decode(words[4]);
	*place = words[4];
	*is_read_only = strcmp(words[5], "ro") == 0 || text_starts(words[5], "ro,") ||
			strstr(after, " ro,") || text_ends(after, " ro");
	return is_place(*place);
}

static int compare(const void *a, const void *b)
{
	const struct plugged *one = a, *other = b;

	return strcmp(one->place, other->place);
}

void plugged_parse(const void *context, const char *mountinfo, struct plugged **out, size_t *count)
{
	struct plugged *list = memory_array(context, struct plugged, PLUGGED_MAX);
	char *rest = memory_string(list, mountinfo), *line, *place;
	size_t found = 0;
	bool is_read_only;

	while ((line = strsep(&rest, "\n"))) {
		size_t i = 0;

		if (!parse_line(line, &place, &is_read_only))
			continue;
		while (i < found && strcmp(list[i].place, place) != 0)
			i++;
		if (i == PLUGGED_MAX)
			break;
		list[i] = (struct plugged){place, is_read_only}; /* what was mounted there last is seen */
		found = i == found ? found + 1 : found;
	}
	qsort(list, found, sizeof *list, compare);
	*out = list;
	*count = found;
}

const struct error *plugged_read(const void *context, struct plugged **out, size_t *count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes text;

	TRY(files_read(scratch, MOUNTINFO, MOUNTINFO_MAX, &text));
	plugged_parse(context, (const char *)text.data, out, count);
	return NULL;
}
