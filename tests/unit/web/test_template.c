/* Pages say what the view says, escaped, and a template that is malformed says so. The cases follow the
 * Mustache spec's own headings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/template.h"

static const char *const partials[][2] = {
	{"text", "from partial"},
	{"lookup", "*{{word}}*"},
	{"node", "{{content}}<{{#nodes}}{{>node}}{{/nodes}}>"},
	{"line", "one\ntwo\n"},
	{"self", "{{>self}}"},
	{"twice", "{{#a}}{{>twice}}{{>twice}}{{/a}}"},
};

static bool find(void *user, const char *name, struct bytes *out)
{
	for (size_t i = 0; i < sizeof partials / sizeof *partials; i++)
		if (strcmp(partials[i][0], name) == 0) {
			*out = (struct bytes){(const uint8_t *)partials[i][1], strlen(partials[i][1])};
			return true;
		}
	return false;
}

static const struct error *run(void *context, const char *source, const char *view_text, const char **out)
{
	json_t *view CLEANUP(json_decref) = json_loads(view_text, 0, NULL);
	const struct error *error;
	struct bytes page;

	assert_non_null(view);
	error = template_run(context, (struct bytes){(const uint8_t *)source, strlen(source)}, view, find,
		NULL, NULL, &page);
	if (!error)
		*out = (const char *)page.data;
	return error;
}

struct example {
	const char *source, *view, *page;
};

static void check(const struct example *examples, size_t count)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; i < count; i++) {
		const char *page = NULL;
		const struct error *error = run(context, examples[i].source, examples[i].view, &page);

		if (error)
			print_message("%s: %s\n", examples[i].source, error->message);
		assert_null(error);
		assert_string_equal(page, examples[i].page);
	}
}
#define CHECK(examples) check(examples, sizeof examples / sizeof *examples)

static void values_are_filled_in_and_always_escaped(void **state)
{
	static const struct example examples[] = {
		{"Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"},
		{"Hello, {{subject}}!", "{\"subject\":\"world\"}", "Hello, world!"},
		{"{{x}}", "{\"x\":\"& < > \\\" '\"}", "&amp; &lt; &gt; &quot; &#39;"},
		{"<a title='{{x}}'>", "{\"x\":\"' onclick='x\"}", "<a title='&#39; onclick=&#39;x'>"},
		{"{{n}} {{zero}} {{minus}}", "{\"n\":85,\"zero\":0,\"minus\":-3}", "85 0 -3"},
		{"({{no}}{{null}}{{false}}{{list}}{{object}})",
			"{\"null\":null,\"false\":false,\"list\":[1],\"object\":{}}", "()"},
		{"| {{ x }} |\n{{x}}\n", "{\"x\":\"-\"}", "| - |\n-\n"},
		{"{{a.b.c}} == {{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep == deep"},
		{"({{a.b.c}})", "{\"a\":{}}", "()"},
		{"({{#a}}{{b.c}}{{/a}})", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"wrong\"}}", "()"},
		{"{{.}}", "[1]", ""},
	};

	CHECK(examples);
}

static void sections_repeat_and_choose(void **state)
{
	static const struct example examples[] = {
		{"{{#yes}}shown{{/yes}}", "{\"yes\":true}", "shown"},
		{"({{#no}}hidden{{/no}})", "{\"no\":false}", "()"},
		{"({{#no}}{{/no}}{{#null}}x{{/null}}{{#text}}x{{/text}}{{#list}}x{{/list}})",
			"{\"null\":null,\"text\":\"\",\"list\":[]}", "()"},
		{"{{#zero}}zero is something{{/zero}}", "{\"zero\":0}", "zero is something"},
		{"{{#o}}{{name}}{{/o}}", "{\"o\":{\"name\":\"Joe\"}}", "Joe"},
		{"{{#l}}{{i}},{{/l}}", "{\"l\":[{\"i\":1},{\"i\":2},{\"i\":3}]}", "1,2,3,"},
		{"{{#l}}({{.}}){{/l}}", "{\"l\":[\"a<\",2,true]}", "(a&lt;)(2)(true)"},
		{"{{#l}}{{#.}}{{.}}{{/.}};{{/l}}", "{\"l\":[[1,2],[3]]}", "12;3;"},
		{"{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c}}{{one}}{{two}}{{three}}{{/c}}{{/b}}{{/a}}",
			"{\"a\":{\"one\":1},\"b\":{\"two\":2},\"c\":{\"three\":3}}", "112123"},
		{"{{#a.b}}in{{/a.b}}{{^a.c}}out{{/a.c}}", "{\"a\":{\"b\":true}}", "inout"},
		{"{{^no}}none{{/no}}", "{}", "none"},
		{"{{^list}}none{{/list}}", "{\"list\":[]}", "none"},
		{"({{^list}}none{{/list}})", "{\"list\":[1]}", "()"},
		{"{{#a}}{{#b}}x{{/b}}{{/a}}{{^a}}y{{/a}}", "{\"a\":true}", ""},
		{"{{#text}}said: {{text}} {{.}}{{/text}}", "{\"text\":\"yes\"}", "said: yes yes"},
	};

	CHECK(examples);
}

static void a_tag_alone_on_its_line_leaves_no_line(void **state)
{
	static const struct example examples[] = {
		{"| This Is\n{{#yes}}\n|\n{{/yes}}\n| A Line\n", "{\"yes\":true}",
			"| This Is\n|\n| A Line\n"},
		{"  {{#yes}}  \nx\n  {{/yes}}\t\n", "{\"yes\":true}", "x\n"},
		{"|\r\n{{#yes}}\r\n{{/yes}}\r\n|", "{\"yes\":true}", "|\r\n|"},
		{"  {{#yes}}\n#{{/yes}}\n/", "{\"yes\":true}", "#\n/"},
		{"#{{#yes}}\n/\n  {{/yes}}", "{\"yes\":true}", "#\n/\n"},
		{" {{#yes}}Y{{/yes}} {{^yes}}N{{/yes}} \n", "{\"yes\":true}", " Y  \n"},
		{"  | {{word}}\n", "{\"word\":\"x\"}", "  | x\n"},
		{"  {{word}}\n", "{\"word\":\"x\"}", "  x\n"},
		{"a\n{{! gone }}\nb{{! not the line }}\n{{!\nover\nlines\n}}\nc", "{}", "a\nb\nc"},
		{"12{{! between }}34", "{}", "1234"},
		{"12 {{! 34 }}\n", "{}", "12 \n"},
		{"  {{! a }} {{! b }}\n", "{}", "   \n"},
	};

	CHECK(examples);
}

static void partials_see_the_view_and_may_call_themselves(void **state)
{
	static const struct example examples[] = {
		{"\"{{>text}}\"", "{}", "\"from partial\""},
		{"{{> lookup }}", "{\"word\":\"<\"}", "*&lt;*"},
		{"{{#list}}{{>lookup}}{{/list}}", "{\"list\":[{\"word\":1},{\"word\":2}]}", "*1**2*"},
		{"{{>node}}", "{\"content\":\"X\",\"nodes\":[{\"content\":\"Y\",\"nodes\":[]}]}", "X<Y<>>"},
		{"a\n{{>line}}\nb", "{}", "a\none\ntwo\nb"},
	};

	CHECK(examples);
}

/* No catalogue is bound here, so each text is its own translation: what the engine does with it is tested;
 * what translators wrote, tests/browser/test_languages.mjs sees on the pages. */
static void words_to_translate_are_one_line_with_their_values_in_them(void **state)
{
	static const struct example examples[] = {
		{"<p>{{#t}}Send{{/t}}</p>", "{}", "<p>Send</p>"},
		{"{{#t}}\n  Two\r\n\tlines   of words \n{{/t}}", "{}", "Two lines of words"},
		{"{{#t}}{{/t}}", "{}", ""},
		{"{{#t}}It’s <em>here</em>{{/t}}", "{}", "It’s <em>here</em>"},
		{"{{#t}}Call {{phone}} first{{/t}}", "{\"phone\":\"<0800>\"}", "Call &lt;0800&gt; first"},
		{"{{#t}}Read{{#by}} by\n{{by}}{{/by}}{{^by}} by nobody{{/by}}.{{/t}}", "{\"by\":\"Akello\"}",
			"Read by Akello."},
		{"{{#t}}Read{{#by}} by {{by}}{{/by}}{{^by}} by nobody{{/by}}.{{/t}}", "{}",
			"Read by nobody."},
		{"{{#list}}{{#t}}no. {{n}};{{/t}}{{/list}}", "{\"list\":[{\"n\":1},{\"n\":2}]}",
			"no. 1;no. 2;"},
		{"{{#yes}}{{#t}}a{{/t}}{{/yes}}{{#no}}{{#t}}b{{/t}}{{/no}}", "{\"yes\":true}", "a"},
		{"a\n  {{#t}}b{{/t}}\nc\n", "{}", "a\n  b\nc\n"},
		{"{{#t}}{{! not for translators }}a{{/t}}", "{}", "a"},
		{"{{#t}}t{{/t}} {{t}}", "{\"t\":\"a key may be called so\"}", "t a key may be called so"},
		{"{{^t}}not a text{{/t}}", "{}", "not a text"},
	};

	CHECK(examples);
}

static void words_without_translation_are_said_in_english(void **state)
{
	static const char source[] = "<p>{{#t}}Nobody has {{what}} this yet{{/t}}</p>";
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_pack("{s:s}", "what", "translated");
	struct bytes page;

	for (size_t i = 0; language_at(i); i++) {
		assert_null(template_run(context, (struct bytes){(const uint8_t *)source, strlen(source)},
			view, find, NULL, language_at(i), &page));
		assert_string_equal((const char *)page.data, "<p>Nobody has translated this yet</p>");
	}
}

static void a_malformed_template_is_refused_wherever_the_fault_is(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"{{",
		"{{x",
		"a{{}}",
		"{{ }}",
		"{{#}}{{/}}",
		"{{x y}}",
		"{{#a}}",
		"{{/a}}",
		"{{#a}}{{/b}}",
		"{{#a}}{{#b}}{{/a}}{{/b}}",
		"{{{x}}}",
		"{{&x}}",
		"{{& x}}",
		"{{=<% %>=}}",
		"{{#no}}{{{x}}}{{/no}}",
		"{{>none}}",
		"{{>self}}",
		"{{>../x}}",
		"{{x\n}}",
		"{{#t}}",
		"{{#t}}a{{/ t}}",
		"a {{#t}} b {{#t}} c {{/t}} d {{/t}}",
		"{{#t}}a",
		"{{/t}}",
		"{{#t}}{{#a}}{{/t}}{{/a}}",
		"{{#t}}{{/a}}{{/t}}",
		"{{#a}}{{#t}}{{/a}}{{/t}}",
		"{{#t}}{{x y}}{{/t}}",
		"{{#no}}{{#t}}{{{x}}}{{/t}}{{/no}}",
	};
	struct buffer *deep = buffer_new(context);
	const char *page = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct error *error = run(context, bad[i], "{}", &page);

		if (!error)
			print_message("%s\n", bad[i]);
		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
	}
	for (int i = 0; i < 17; i++)
		buffer_text(deep, "{{#a}}");
	for (int i = 0; i < 17; i++)
		buffer_text(deep, "{{/a}}");
	assert_non_null(run(context, (const char *)deep->data, "{}", &page));
	assert_non_null(run(context, "{{#a}}{{>twice}}{{/a}}", "{\"a\":true}", &page));
	assert_null(page);
}

static void every_page_of_ours_holds_together(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_pack("{s:s, s:s, s:s, s:{s:[{s:s, s:s}]}}", "title",
		"A <page>", "heading", "No", "message", "Try again.", "problems", "list", "field", "what",
		"text", "Write \"what\" happened");
	const struct error *error;
	struct bytes page;

	assert_null(template_render(context, "problem", view, NULL, &page));
	assert_non_null(strstr((const char *)page.data, "<title>! A &lt;page&gt;</title>"));
	assert_non_null(
		strstr((const char *)page.data, "<a href=\"#what\">Write &quot;what&quot; happened</a>"));
	assert_non_null(strstr((const char *)page.data, "</html>"));
	error = template_render(context, "no-such-page", view, NULL, &page);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	template_from_disk("web");
	assert_null(template_render(context, "problem", view, NULL, &page));
	assert_non_null(template_render(context, "no-such-page", view, NULL, &page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_filled_in_and_always_escaped),
		cmocka_unit_test(sections_repeat_and_choose),
		cmocka_unit_test(a_tag_alone_on_its_line_leaves_no_line),
		cmocka_unit_test(partials_see_the_view_and_may_call_themselves),
		cmocka_unit_test(words_to_translate_are_one_line_with_their_values_in_them),
		cmocka_unit_test(words_without_translation_are_said_in_english),
		cmocka_unit_test(a_malformed_template_is_refused_wherever_the_fault_is),
		cmocka_unit_test(every_page_of_ours_holds_together),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
