#!/bin/sh
# The units keep each role in its box (systemd-analyze finds intake and sync at 1.5 or less and office at 1.0 or less) and start it again
# however often it ends. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v systemd-analyze >/dev/null || { echo "1..0 # SKIP systemd-analyze is not installed"; exit 0; }
echo 1..8
n=0
for pair in intake:15 sync:15 office:10; do
	n=$((n + 1))
	role=${pair%:*} most=${pair#*:}
	score=$(systemd-analyze security --offline=true "$PWD/systemd/engabo-$role.service" | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	if [ -n "$score" ] && [ "$score" -le "$most" ]; then
		echo "ok $n - engabo-$role.service is at $score tenths, at most $most"
	else
		echo "not ok $n - engabo-$role.service is at ${score:-?} tenths, over $most"
	fi
	n=$((n + 1))
	unit=systemd/engabo-$role.service
	if grep -qx Restart=always "$unit" && sed '/^\[Service\]/q' "$unit" | grep -qx StartLimitIntervalSec=0; then
		echo "ok $n - engabo-$role.service is never given up"
	else
		echo "not ok $n - engabo-$role.service is given up after some starts"
	fi
done
score=$(systemd-analyze security --offline=true "$PWD/systemd/engabo-urgent.service" | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
if [ -n "$score" ] && [ "$score" -le 10 ]; then
	echo "ok 7 - engabo-urgent.service is at $score tenths, at most 10"
else
	echo "not ok 7 - engabo-urgent.service is at ${score:-?} tenths, over 10"
fi
if grep -q engabo-urgent systemd/engabo.target; then
	echo "not ok 8 - engabo-urgent.service is started unasked"
else
	echo "ok 8 - engabo-urgent.service is started only where somebody wants it"
fi
