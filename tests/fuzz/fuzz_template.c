/* Templates are ours, but one that is damaged must be refused, never run wild; and no value of a view gets
 * out unescaped. The input is a template, which may call itself by the partial "self"; the view holds what an
 * attacker would write. */
#include <assert.h>
#include <string.h>

#include "web/template.h"

static bool find_self(void *user, const char *name, struct bytes *out)
{
	if (strcmp(name, "self") != 0)
		return false;
	*out = *(struct bytes *)user;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char attack[] = "\x01<\">'&";
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_pack("{s:s, s:i, s:b, s:n, s:[{s:s},{s:s},{}], s:{s:{s:s}}}",
		"a", attack, "n", 7, "yes", 1, "no", "l", "a", attack, "b", "", "o", "p", "q", attack);
	struct bytes source = {data, size}, page = {NULL, 0};

	if (size > 2000 || memchr(data, 1, size))
		return 0;
	/* A language without catalogue, so that {{#t}} takes the way of a translation. */
	if (template_run(context, source, view, find_self, &source, language_find("lg"), &page)) {
		assert(!page.data);
		return 0;
	}
	assert(page.data[page.len] == 0);
	for (size_t i = 0; i < page.len; i++)
		if (page.data[i] == 1)
			assert(strncmp((const char *)page.data + i + 1, "&lt;&quot;&gt;&#39;&amp;", 23) == 0);
	return 0;
}
