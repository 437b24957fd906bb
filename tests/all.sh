#!/bin/sh
# make test and make test-all: the stages one after another, and at the end what was covered. A stage that fails does not stop the others, so that one run
# says all there is to say. Arguments: quick|full MAKE BUILD-FOLDER.
set -u
how=$1 make=$2 folder=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
begin=$(date +%s)

stage() { # NAME COMMAND...
	name=$1
	shift
	start=$(date +%s)
	echo "=== $name"
	if "$@" >"$work/out" 2>&1; then verdict=passed; else verdict=FAILED; fi
	tail -n 60 "$work/out"
	tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$work/out" | awk '{n += $1} END {print n + 0}')
	[ "$tests" -gt 0 ] || tests=$(grep -c '^ok ' "$work/out")
	[ "$tests" -gt 0 ] || tests=1
	bad=0
	[ $verdict = passed ] || bad=1
	passed=$((passed + tests - bad))
	failed=$((failed + bad))
	printf '%-7s %-62s %5d checks %5d s\n' "$verdict" "$name" "$tests" "$(($(date +%s) - start))" >>"$work/summary"
}
m() { "$make" --no-print-directory B="$folder" "$@"; }
sanitized() { "$make" --no-print-directory B="$folder" SANITIZE=1 "$@"; }

stage "it builds without a warning" m -j2 all unit
stage "includes only point down" m layers
stage "each part keeps its promises (unit tests)" m test-unit
stage "whole hubs: real processes, real git (system tests)" m test-system
stage "in a real browser" m test-browser
stage "under address and undefined-behaviour sanitizers: units" sanitized -j2 test-unit
stage "under address and undefined-behaviour sanitizers: whole hubs" sanitized test-system
stage "fuzzing, $([ "$how" = full ] && echo 60 || echo 10) seconds a target" m -j2 fuzz-quick FUZZ_SECONDS=$([ "$how" = full ] && echo 60 || echo 10)
stage "valgrind on the unit tests" m test-valgrind
stage "formatting, gcc -fanalyzer, cppcheck, clang-tidy" m -j2 check

echo
echo "What was covered:"
cat "$work/summary"
echo "in $(($(date +%s) - begin)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
