/* Tells photos from other files by their first bytes (picture.h), so that what can be sent is what phones
 * make, and what is opened at the office has the ending of what it is. What the phone calls a file is never
 * believed, nor looked at. Runs in intake and office. */
#include "web/picture.h"

#include <stdbool.h>
#include <string.h>

static bool has(struct bytes head, size_t at, const char *bytes, size_t len)
{
	return head.len >= at + len && memcmp(head.data + at, bytes, len) == 0;
}

static bool is_heif(struct bytes head)
{
	static const char brands[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"};

	for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
		if (has(head, 4, "ftyp", 4) && has(head, 8, brands[i], 4))
			return true;
	return false;
}

const char *picture_kind(struct bytes head)
{
	if (has(head, 0, "\xff\xd8\xff", 3))
		return "jpg";
	if (has(head, 0, "\x89PNG\r\n\x1a\n", 8))
		return "png";
	if (has(head, 0, "RIFF", 4) && has(head, 8, "WEBP", 4))
		return "webp";
	return is_heif(head) ? "heic" : NULL;
}
