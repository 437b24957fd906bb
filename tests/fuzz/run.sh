#!/bin/sh
# Runs fuzz targets one after another, two at a time: FOLDER SECONDS TARGET... What one finds is printed and fails the run; TAP.
set -u
folder=$1 seconds=$2
shift 2
here=$(dirname "$0")
echo "1..$#"
n=0
failed=0
for target in "$@"; do
	n=$((n + 1))
	work=$(mktemp -d)
	mkdir -p "$here/corpus/$target"
	if "$folder/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=70000 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work" "$here/corpus/$target" >"$work/log" 2>&1; then
		echo "ok $n - $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") inputs in $seconds s, no finding"
	else
		echo "not ok $n - $target"
		tail -n 40 "$work/log" | sed 's/^/# /'
		failed=1
	fi
	rm -rf "$work"
done
exit $failed
