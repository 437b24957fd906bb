#!/bin/sh
# The words of pages and code are in the catalogues, and the catalogues are right: what `web/po/strings.sh check` watches over, here and in copies of
# the tree where somebody has forgotten something. Nothing in the tree is written.
set -u
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
ok() { # promise, then the command that must succeed
	count=$((count + 1))
	promise=$1
	shift
	if "$@" > "$tmp/out" 2>&1; then
		echo "ok $count - $promise"
	else
		echo "not ok $count - $promise"
		head -40 "$tmp/out" | sed 's/^/# /'
	fi
}
# A copy with one change; the check must fail and say so with these words.
refuses() { # promise, words, then the change, run in the copy
	promise=$1
	words=$2
	shift 2
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/node/casework"
	cp -r web "$tmp/tree/"
	cp -r node/casework/codes node/casework/entities.c "$tmp/tree/node/casework/"
	(cd "$tmp/tree" && "$@") || { ok "$promise" false; return; }
	sh "$tmp/tree/web/po/strings.sh" check > "$tmp/check" 2>&1 && { ok "$promise" false; return; }
	ok "$promise" grep -F -e "$words" "$tmp/check"
}
# The first entry of the Luganda catalogue in which $1 stands, given $2 instead wherever it is translated.
spoil() {
	sed -i "/^msgstr.*$1/ s/$1/$2/" web/po/lg.po
}
say_new() { printf '%s\n' "$1" >> web/templates/foot.html; }
reword() { sed -i '0,/{{#t}}/ s/{{#t}}/{{#t}}Now: /' web/templates/foot.html; }
bare_code() { printf 'void f(json_t *view)\n{\n\tpage_problem(view, "", "Look %s");\n}\n' "$1" >> web/intake/pages.c; }

ok 'every text of pages and code is in every catalogue, and every translation has its tags and formats' sh web/po/strings.sh check
refuses 'a word on a public page outside {{#t}} is found' 'not in {{#t}}: Welcome' say_new '<p>Welcome</p>'
refuses 'so is one in an attribute that is read aloud' 'not in {{#t}}: Close this' say_new '<nav aria-label="Close this"></nav>'
refuses 'so is one in the code that nobody has translated' 'not in say() or SAY(): Look here' bare_code here
refuses 'a new text that is in no catalogue is found' 'is not in the catalogue yet (make strings): Welcome' say_new '<p>{{#t}}Welcome{{/t}}</p>'
refuses 'a reworded one too, and its old translation does not stay' 'is said nowhere any more (make strings): This is a first translation.' reword
refuses 'a translation that lost a value of the page is found' 'has other tags than the English' spoil '{{office}}' ''
refuses 'one that lost a mark of HTML too' 'has other tags than the English' spoil '<\/a>' ''
refuses 'and one whose number would be read as a text' 'printf formats' spoil '%d' '%s'
echo "1..$count"
