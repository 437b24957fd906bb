/* The lines of an iCalendar file: see ics.h. Lines end with CRLF and are folded before they have more than 75
 * octets, never within a character; what means something in a text is escaped (RFC 5545, 3.1 and 3.3.11).
 *
 * The file names neither this program nor the hub: it lies on phones that others look at. Office role. */
#include "web/office/ics.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"

#define OCTETS_MAX 75 /* octets, without CRLF */

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static void add_line(struct buffer *out, const char *line)
{
	size_t left = strlen(line), room = OCTETS_MAX;

	while (left > room) {
		size_t len = room;

		while (len > 1 && !begins_character(line[len]))
			len--;
		buffer_add(out, line, len);
		buffer_text(out, "\r\n ");
		line += len;
		left -= len;
		room = OCTETS_MAX - 1; /* the space that says "goes on" is one of them */
	}
	buffer_add(out, line, left);
	buffer_text(out, "\r\n");
}

static const char *escaped(const void *context, const char *text)
{
	struct buffer *out = buffer_new(context);

	buffer_text(out, "");
	for (; *text; text++) {
		if (*text == '\n')
			buffer_text(out, "\\n");
		else if ((unsigned char)*text >= ' ' && *text != 0x7f) {
			if (strchr("\\;,", *text))
				buffer_text(out, "\\");
			buffer_add(out, text, 1);
		}
	}
	return (const char *)buffer_bytes(out).data;
}

/* "20261123". False for what is no day, month or year. */
static bool day_of(char out[static 9], const char *day)
{
	char whole[sizeof "2026-11-23"];
	size_t len = strlen(day);

	if (len != 4 && len != 7 && len != 10)
		return false;
	snprintf(whole, sizeof whole, "%s%s", day, &"-01-01"[len - 4]);
	if (!text_is_date(whole))
		return false;
	snprintf(out, 9, "%.4s%.2s%.2s", whole, whole + 5, whole + 8);
	return true;
}

struct buffer *ics_begin(const void *context)
{
	struct buffer *out = buffer_new(context);

	add_line(out, "BEGIN:VCALENDAR");
	add_line(out, "VERSION:2.0");
	add_line(out, "PRODID:-//hub//days//EN");
	add_line(out, "CALSCALE:GREGORIAN");
	return out;
}

void ics_event(struct buffer *out, const char *uid, int64_t now, const char *day, const char *summary)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char time[TEXT_TIME_SIZE], date[9];

	if (!day_of(date, day))
		return;
	text_time(time, now);
	add_line(out, "BEGIN:VEVENT");
	add_line(out, memory_format(scratch, "UID:%s", escaped(scratch, uid)));
	add_line(out, memory_format(scratch, "DTSTAMP:%.4s%.2s%.5s%.2s%.2sZ", time, time + 5, time + 8,
			      time + 14, time + 17));
	add_line(out, memory_format(scratch, "DTSTART;VALUE=DATE:%s", date));
	add_line(out, memory_format(scratch, "SUMMARY:%s", escaped(scratch, summary)));
	add_line(out, "TRANSP:TRANSPARENT");
	add_line(out, "END:VEVENT");
}

struct bytes ics_end(struct buffer *out)
{
	add_line(out, "END:VCALENDAR");
	return buffer_bytes(out);
}
