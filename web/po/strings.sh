#!/bin/sh
# Keeps the catalogues of translations in step with the words of pages and code: strings.sh writes web/po/engabo.pot and each web/po/*.po anew, and
# tells what is not translated. `strings.sh check` writes nothing and fails when something is left to do: a text that is not in the catalogues or
# is said nowhere any more, words on a page that are in no {{#t}} or say(), a translation that lost a tag or a format.
# Entries name files and not lines, and nothing says when: the catalogues change when the words do, and only then.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
texts="/usr/bin/python3 web/po/texts.py"
catalogues=$(ls web/po/*.po)

cat > "$tmp/head.pot" <<-'END'
	# The texts of the pages, in English. Made by `make strings`; translations are in the .po files beside it.
	msgid ""
	msgstr ""
	"Project-Id-Version: engabo\n"
	"MIME-Version: 1.0\n"
	"Content-Type: text/plain; charset=UTF-8\n"
	"Content-Transfer-Encoding: 8bit\n"
END
{ cat "$tmp/head.pot"; echo; $texts pot; } > "$tmp/pages.pot"
# shellcheck disable=SC2046
xgettext --language=C --from-code=UTF-8 --add-comments=translators: --add-location=file --keyword \
	--keyword=say:2 --keyword=say_many:2,3 --keyword=SAY --keyword=language_text:2 --keyword=language_plural:2,3 \
	--keyword=visit_problem:3 --keyword=visit_show:3 --keyword=visit_go:3 \
	-o "$tmp/dated.pot" $(ls web/*.c web/intake/*.c web/office/*.c)
{ cat "$tmp/head.pot"; echo; sed '1,/^$/d' "$tmp/dated.pot"; } > "$tmp/code.pot"
msgcat --to-code=UTF-8 --no-wrap --add-location=file --sort-by-file -o "$tmp/engabo.pot" "$tmp/pages.pot" "$tmp/code.pot"

if [ "${1:-}" = check ]; then
	# Each is looked at, whatever the others found.
	failed=0
	# shellcheck disable=SC2086
	$texts step "$tmp/engabo.pot" web/po/engabo.pot $catalogues || failed=1
	# shellcheck disable=SC2086
	$texts whole "$tmp/engabo.pot" $catalogues || failed=1
	$texts bare || failed=1
	for po in $catalogues; do
		msgfmt --check-format --check-domain --use-fuzzy -o /dev/null "$po" || failed=1
	done
	exit $failed
fi

cp "$tmp/engabo.pot" web/po/engabo.pot
for po in $catalogues; do
	# A reworded text is translated anew: what somebody guessed from the old words could say the opposite.
	msgmerge --quiet --no-fuzzy-matching --no-wrap --add-location=file -o "$tmp/merged.po" "$po" web/po/engabo.pot
	msgattrib --no-obsolete --no-wrap --add-location=file -o "$po" "$tmp/merged.po"
done
# shellcheck disable=SC2086
$texts count web/po/engabo.pot $catalogues
# shellcheck disable=SC2086
$texts whole web/po/engabo.pot $catalogues && $texts bare
