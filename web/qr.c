/* Draws the codes that a phone's camera reads: to join the Wi-Fi, and to open the page.
 *
 * What the phone shall do is text; what that text means is left to the phone. Names and passwords of a Wi-Fi
 * may hold anything, so they are escaped here: whoever chose "x;P:y" as a name gets that name and no other
 * password. Runs in intake. */
#include "web/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

#define QUIET 4 /* modules of white around it: section 9.1 */
#define IS_BLACK 1

static void code_free(QRcode *code)
{
	QRcode_free(code);
}
DEFINE_CLEANUP(QRcode *, code_free)

/* One row as strokes, each as long as the black in it runs. */
static void draw_row(struct buffer *out, const unsigned char *row, int width, int y)
{
	for (int x = 0; x < width;) {
		int start = x;

		while (x < width && row[x] & IS_BLACK)
			x++;
		if (x > start)
			buffer_format(out, "M%d %d.5h%d", start + QUIET, y + QUIET, x - start);
		else
			x++;
	}
}

const struct error *qr_svg(const void *context, const char *text, struct bytes *out)
{
	QRcode *code CLEANUP(code_free) = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_Q);
	struct buffer *svg;
	int size;

	if (!code)
		return errno == ERANGE ? error_new(ERROR_INVALID, "this is more than a QR code can hold")
				       : error_system(errno, "cannot make a QR code");
	size = code->width + 2 * QUIET;
	svg = buffer_new(context);
	/* Its own white: the page around it may be dark. */
	buffer_format(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path "
		"stroke=\"#000\" d=\"",
		size, size, size * 8, size * 8, size, size);
	for (int y = 0; y < code->width; y++)
		draw_row(svg, code->data + y * code->width, code->width, y);
	buffer_text(svg, "\"/></svg>\n");
	*out = buffer_bytes(svg);
	return NULL;
}

static void add_escaped(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\;,\":", *text))
			buffer_text(out, "\\");
		buffer_add(out, text, 1);
	}
}

static void add_field(struct buffer *out, const char *name, const char *value)
{
	buffer_format(out, "%s:", name);
	add_escaped(out, value);
	buffer_text(out, ";");
}

char *qr_wifi(const void *context, const char *name, const char *password)
{
	struct buffer *text = buffer_new(context);

	buffer_text(text, *password ? "WIFI:T:WPA;" : "WIFI:T:nopass;");
	add_field(text, "S", name);
	if (*password)
		add_field(text, "P", password);
	buffer_text(text, ";");
	return (char *)text->data;
}
