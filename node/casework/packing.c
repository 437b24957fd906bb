/* Events take a fraction of their memory: see packing.h. The two streams are made once and reset for each
 * line, since making one costs more than packing a line. What unpacks is a function of SQL: the rows that
 * hold a line hold what it was packed against, too.
 *
 * Invariant: what was packed comes back to the byte, for its signature holds for these bytes. What is kept is
 * ledger.c's. Runs in office. */
#include "node/casework/packing.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "node/base/embed.h"
#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/casework/event.h"

#define WINDOW_BITS 12 /* 4 KB: the dictionary and a line of the usual size */
#define MEMORY_LEVEL 6
#define ABOUT_MAX 256
#define PACKED_MAX (EVENT_JSON_MAX + EVENT_JSON_MAX / 100 + 64)

EMBED(packing_text, "node/casework/packing.txt");

struct packing {
	z_stream in, out; /* of packing, of unpacking */
	struct bytes dictionary;
	uint8_t packed[PACKED_MAX], line[EVENT_JSON_MAX];
};

static int packing_free(struct packing *packing)
{
	deflateEnd(&packing->in);
	inflateEnd(&packing->out);
	return 0;
}

static struct bytes dictionary_of(const void *context, const char *self)
{
	struct buffer *text = buffer_new(context);

	for (const char *at = packing_text; *at; at++)
		if (*at == '$')
			buffer_text(text, self);
		else
			buffer_add(text, at, 1);
	return buffer_bytes(text);
}

/* What the line of this event about this record will say. */
static struct bytes about(char out[static ABOUT_MAX], const char *id, const char *key)
{
	uint64_t ms = ids_ulid_ms(id);
	char time[TEXT_TIME_SIZE];
	int len;

	text_time(time, (int64_t)(ms / 1000));
	len = snprintf(out, ABOUT_MAX,
		",\"key\":\"%.43s\"{\"v\":1,\"id\":\"%.26s\",\"hlc\":\"%012llx0000\",\"at\":\"%s\",\"clock\":"
		"\"sure\",\"by\":\"",
		key, id, (unsigned long long)ms, time);
	return (struct bytes){(const uint8_t *)out, (size_t)len};
}

static bool unpack(struct packing *packing, const char *id, const char *key, struct bytes packed, size_t *len)
{
	z_stream *stream = &packing->out;
	char text[ABOUT_MAX];
	struct bytes said = about(text, id, key);

	inflateReset(stream);
	inflateSetDictionary(stream, packing->dictionary.data, (uInt)packing->dictionary.len);
	inflateSetDictionary(stream, said.data, (uInt)said.len);
	stream->next_in = (Bytef *)packed.data;
	stream->avail_in = (uInt)packed.len;
	stream->next_out = packing->line;
	stream->avail_out = sizeof packing->line;
	if (inflate(stream, Z_FINISH) != Z_STREAM_END || stream->avail_in)
		return false;
	*len = sizeof packing->line - stream->avail_out;
	return true;
}

static void event_line(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct packing *packing = sqlite3_user_data(context);
	const uint8_t *data = sqlite3_value_blob(values[0]);
	struct bytes packed = {data, (size_t)sqlite3_value_bytes(values[0])};
	const char *id = (const char *)sqlite3_value_text(values[1]);
	const char *key = (const char *)sqlite3_value_text(values[2]);
	size_t len;

	if (sqlite3_value_type(values[0]) == SQLITE_NULL || !id || !key)
		return; /* NULL */
	if (unpack(packing, id, key, packed, &len))
		sqlite3_result_text(context, (const char *)packing->line, (int)len, SQLITE_TRANSIENT);
	else
		sqlite3_result_error(context, "an event in the case file is damaged", -1);
}

const struct error *packing_new(const void *context, struct db *db, const char *self, struct packing **out)
{
	struct packing *packing = memory_new(context, struct packing);

	talloc_set_destructor(packing, packing_free);
	packing->dictionary = dictionary_of(packing, self);
	if (deflateInit2(&packing->in, Z_BEST_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK ||
		inflateInit2(&packing->out, -WINDOW_BITS) != Z_OK)
		abort(); /* out of memory */
	if (sqlite3_create_function(db->handle, "event_line", 3,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, packing, event_line, NULL,
		    NULL) != SQLITE_OK)
		return db_error(db, "teach it to read events");
	*out = packing;
	return NULL;
}

struct bytes packing_pack(struct packing *packing, const char *id, const char *key, struct bytes line)
{
	z_stream *stream = &packing->in;
	char text[ABOUT_MAX];
	struct bytes said = about(text, id, key);

	assert(line.len <= EVENT_JSON_MAX);
	deflateReset(stream);
	deflateSetDictionary(stream, packing->dictionary.data, (uInt)packing->dictionary.len);
	deflateSetDictionary(stream, said.data, (uInt)said.len);
	stream->next_in = (Bytef *)line.data;
	stream->avail_in = (uInt)line.len;
	stream->next_out = packing->packed;
	stream->avail_out = sizeof packing->packed;
	if (deflate(stream, Z_FINISH) != Z_STREAM_END)
		abort(); /* there is room for what does not pack at all */
	return (struct bytes){packing->packed, sizeof packing->packed - stream->avail_out};
}
