#!/bin/sh
# Lists every include that points up, and every library header outside the file it belongs in (architecture: "Folders"). Fails if there is one.
# Arguments: the layers, lowest first.
set -u
fail=0
complain() { echo "$1"; fail=1; }
rank() { # of a path; main.c sees everything
	case $1 in node/main.c) echo 999; return ;; esac
	n=0
	for layer in $LAYERS; do
		n=$((n + 1))
		[ "$(dirname "$1")" = "$layer" ] && { echo $n; return; }
	done
	echo 0
}
LAYERS=$*
for file in $(git ls-files -co --exclude-standard 'node/*.[ch]' 'sync/*.[ch]' 'web/*.[ch]'); do
	mine=$(rank "$file")
	[ "$mine" = 0 ] && complain "$file: in no layer"
	for header in $(sed -n 's/^#include "\(.*\)"/\1/p' "$file"); do
		theirs=$(rank "$header")
		[ "$theirs" = 0 ] && complain "$file: includes $header, which is in no layer"
		[ "$theirs" -gt "$mine" ] && complain "$file: includes $header, which is above it"
	done
done
only() { # header, then the files it may be in
	header=$1; shift
	for file in $(git grep -l --untracked "#include <$header>" -- node sync web); do
		ok=0
		for allowed in "$@"; do case $file in $allowed) ok=1 ;; esac; done
		[ $ok = 1 ] || complain "$file: includes <$header>, which belongs in: $*"
	done
}
only sodium.h 'node/vault/*'
only sqlite3.h 'node/store/*' 'node/casework/*'
only git2.h 'sync/repo.c'
only microhttpd.h 'web/exchange.h' 'web/upload.c'
only avahi-client/client.h 'sync/discover.c'
only qrencode.h 'web/qr.c'
# A lower folder never includes its neighbours to the side: roster and store do not know one another.
for file in $(git ls-files -co --exclude-standard 'node/roster/*.[ch]'); do
	grep -q '#include "node/store/' "$file" && complain "$file: the roster is pure and includes nothing of the store"
done
exit $fail
