#!/bin/sh
# Runs unit tests under valgrind: no bad access, nothing lost. TAP. Arguments: quick|full PROGRAM...
# quick leaves out those whose work is seconds of Argon2id, thousands of events, or waiting for real deadlines; the sanitizers run them all. Never run here
# are those that valgrind 3.19 cannot: it does not know pidfd_open, and its single thread starves servers that are watched for slowness.
set -u
how=$1
shift
never=" slow child control server intake_pool intake_compose remote role relay "
slow=" casefile check logs repo round remote role rosters keyring words mailbox merge lists group discover intake_coalition intake_compose relay certificate "
echo "1..$#"
n=0
failed=0
for program in "$@"; do
	n=$((n + 1))
	name=$(basename "$program" | sed 's/^test_//')
	case "$never" in *" $name "*) echo "ok $n - $name # SKIP valgrind cannot run it"; continue ;; esac
	case "$how$slow" in quick*" $name "*) echo "ok $n - $name # SKIP takes long: make soak"; continue ;; esac
	if out=$(ENGABO_UNDER_VALGRIND=1 timeout 1800 valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --child-silent-after-fork=yes "$program" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$out" | tail -n 40 | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
