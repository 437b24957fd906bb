#!/bin/bash
# Hubs on one network find each other by mDNS, tell nothing about themselves while doing so, and notice when one leaves, also over a restart of the
# daemon. TAP. In network namespaces of its own; skipped where those are not permitted.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${ENGABO:-$PWD/build/engabo}
net=tests/system/namespaces.sh
why=$(bash $net can) || { echo "1..0 # SKIP $why"; exit 0; }
dir=$(mktemp -d)
roles=()
finish() {
	for pid in "${roles[@]}"; do kill "$pid" 2>/dev/null; done
	wait
	bash $net down "$dir"
	rm -rf "$dir"
}
trap finish EXIT
export ENGABO_TEST_CHEAP_KEYS=1

n=0
check() { # what, and a command that must come to be true within a minute
	local what=$1
	shift
	n=$((n + 1))
	for _ in $(seq 300); do
		if "$@"; then
			echo "ok $n - $what"
			return
		fi
		sleep 0.2
	done
	echo "not ok $n - $what"
	at 1 avahi-browse -artp 2>&1 | sed 's/^/# /'
}
at() { # hub, command
	local i=$1
	shift
	bash $net exec "$dir" "$i" "$@"
}
found() { # by hub $1: the addresses of others
	"$program" --state "$dir/hub-$1" status --json | /usr/bin/python3 -c 'import json, sys
print(" ".join(sorted(f["address"] for f in json.load(sys.stdin)["found"])))'
}
sees() { found "$1" | grep -qF "10.77.0.$2"; }
sees_nobody() { [ -z "$(found "$1")" ]; }
start() {
	(exec bash $net exec "$dir" "$1" "$program" --state "$dir/hub-$1" serve --role sync >>"$dir/role-$1.log" 2>&1) &
	roles[$1]=$! # the role itself: nothing forks in between
}

bash $net up 2 "$dir" || { echo "Bail out! the test network did not come up"; exit 1; }
for i in 1 2; do
	printf 'seven plain words for a test hub\n' | "$program" --state "$dir/hub-$i" init --name "Secretville $i" --code "SV$i" --region "Secretshire" \
		--user secretperson --passphrase-file - --sheet "$dir/sheet-$i" >"$dir/init-$i" 2>&1 || { sed 's/^/# /' "$dir/init-$i"; echo "Bail out! init failed"; exit 1; }
done
echo 1..8
start 1
start 2
check "the first hub finds the second" sees 1 2
check "the second hub finds the first" sees 2 1
at 1 avahi-browse -artp >"$dir/seen" 2>&1
check "the announcement says v=1 and no more" grep -q '_hubsync._tcp.*"v=1"$' "$dir/seen"
n=$((n + 1))
if grep -qi 'secret\|engabo\|rights\|SV1\|SV2' "$dir/seen"; then echo "not ok $n - what is announced names nobody and no place"; sed 's/^/# /' "$dir/seen"
else echo "ok $n - what is announced names nobody and no place"; fi
bash $net daemon "$dir" 1
check "after its daemon was restarted the first hub finds the second again" sees 1 2
check "and is found by it" sees 2 1
kill "${roles[2]}"
wait "${roles[2]}" 2>/dev/null
check "a hub that leaves is forgotten" sees_nobody 1
start 2
check "and found again when it is back" sees 1 2
