#!/bin/sh
# Runs unit tests under valgrind: no bad access, nothing lost. Those whose work is many processes, threads with timeouts or seconds of Argon2id are left to
# the sanitizers: they are named here. TAP.
set -u
echo "1..$#"
n=0
failed=0
for program in "$@"; do
	n=$((n + 1))
	name=$(basename "$program")
	if out=$(ENGABO_UNDER_VALGRIND=1 timeout 300 valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --child-silent-after-fork=yes \
		--trace-children=no "$program" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$out" | tail -n 40 | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
