#!/bin/sh
# make test and make test-all: the stages, and at the end what was covered. Two lanes run side by side, one a core: the first mostly waits (whole hubs, a
# browser), the second mostly computes. A stage that fails does not stop the others, so that one run says all there is to say.
# Arguments: quick|full MAKE BUILD-FOLDER.
set -u
how=$1 make=$2 folder=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
begin=$(date +%s)
if [ "$how" = full ]; then seconds=30; else seconds=5; fi

stage() { # NAME COMMAND...
	name=$1
	shift
	start=$(date +%s)
	out=$(mktemp "$work/out.XXXXXX")
	if "$@" >"$out" 2>&1; then verdict=passed; else verdict=FAILED; fi
	tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$out" | awk '{n += $1} END {print n + 0}')
	[ "$tests" -gt 0 ] || tests=$(grep -c '^ok ' "$out")
	[ "$tests" -gt 0 ] || tests=1
	{
		echo "=== $name: $verdict"
		if [ $verdict = passed ]; then tail -n 25 "$out"; else tail -n 200 "$out"; fi
	} >"$out.said"
	cat "$out.said" # in one go: the other lane speaks, too
	printf '%-7s %-64s %5d checks %5d s\n' "$verdict" "$name" "$tests" "$(($(date +%s) - start))" >>"$work/summary"
}
m() { "$make" --no-print-directory B="$folder" "$@"; }
sanitized() { "$make" --no-print-directory B="$folder" SANITIZE=1 "$@"; }

unit="each part keeps its promises (unit tests)" hubs="whole hubs: real processes, real git" pages="in a real browser" fuzz="fuzzing, $seconds seconds a target"
quick_hubs() {
	stage "$unit" m test-unit
	stage "$hubs" m test-system SET=quick
}
quick_rest() {
	stage "includes only point down; formatting; texts" m check-quick
	stage "$fuzz" m fuzz-quick FUZZ_SECONDS=$seconds
	stage "$pages" m test-browser SET=quick
}
full_hubs() {
	stage "$unit" m test-unit
	stage "$hubs" m test-system
	stage "$pages" m test-browser
	stage "under the sanitizers: whole hubs" sanitized test-system
}
full_rest() {
	stage "includes only point down; formatting; texts; gcc -fanalyzer; cppcheck; clang-tidy" m check
	stage "$fuzz" m fuzz-quick FUZZ_SECONDS=$seconds
	stage "under the sanitizers: unit tests" sanitized test-unit
	stage "valgrind on the unit tests" m test-valgrind
	stage "testssl.sh and wapiti find nothing" m test-scan
}

stage "it builds without a warning" m -j2 all unit test-tools
[ "$how" = quick ] || stage "with address and undefined-behaviour sanitizers, too" sanitized -j2 all unit test-tools
"${how}_rest" &
"${how}_hubs"
wait

echo
echo "What was covered:"
cat "$work/summary"
echo "in $(($(date +%s) - begin)) s"
failed=$(grep -c '^FAILED' "$work/summary")
passed=$(awk '$1 == "passed" {for (i = NF; i > 0; i--) if ($i == "checks") n += $(i - 1)} END {print n + 0}' "$work/summary")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
