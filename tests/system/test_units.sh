#!/bin/sh
# The units keep each role in its box: databases of others, and what lies beside them, are not there (systemd-analyze finds intake and sync at 1.5 or less and office at 1.0 or less) and start it again
# however often it ends. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v systemd-analyze >/dev/null || { echo "1..0 # SKIP systemd-analyze is not installed"; exit 0; }
echo 1..15
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

# What each role opens, the database itself first; all others that the sources name are hidden, with what SQLite lays beside them.
databases=$(grep -rhoE '"[a-z]+\.db"' --include=*.c node sync web | tr -d '"' | sort -u)
n=8
for pair in "intake intake.db mailbox.db" "office office.db sync.db" "sync sync.db mailbox.db intake.db office.db"; do
	n=$((n + 1))
	role=${pair%% *} missing=
	for database in $databases; do
		case " ${pair#* } " in *" $database "*) continue ;; esac
		for file in "$database" "$database-wal" "$database-shm"; do
			grep '^InaccessiblePaths=' "systemd/engabo-$role.service" | grep -qE " ?-/var/lib/engabo/$file( |\$)" || missing="$missing $file"
		done
	done
	if [ -n "$databases" ] && [ -z "$missing" ]; then
		echo "ok $n - engabo-$role.service hides the databases of others"
	else
		echo "not ok $n - engabo-$role.service lets it see$missing"
	fi
done
unit=systemd/engabo-urgent.service
if grep -qx 'TemporaryFileSystem=/var/lib/engabo:ro' $unit && grep -qx 'BindReadOnlyPaths=/var/lib/engabo/format /var/lib/engabo/run' $unit &&
	[ "$(grep -c '^Bind' $unit)" = 1 ] && grep -qx RestrictAddressFamilies=none $unit; then
	echo "ok 12 - engabo-urgent.service sees nothing of the hub but run/, and no socket there answers it"
else
	echo "not ok 12 - engabo-urgent.service sees more than the flag"
fi
wrong=
for unit in systemd/*.service; do
	grep -q "^Documentation=file:///usr/share/doc/engabo/README.md$" "$unit" || wrong="$wrong $unit"
done
if [ -z "$wrong" ] && make -n install B=build 2>/dev/null | grep -q '/usr/share/doc/engabo'; then
	echo "ok 13 - the page that the units name is installed"
else
	echo "not ok 13 - no page where the units say:$wrong"
fi
if [ "$(grep -lx Environment=ENGABO_BOOT=%b systemd/engabo-intake.service systemd/engabo-office.service | wc -l)" -eq 2 ]; then
	echo "ok 14 - who opens a workshop and who serves it know which start of the machine it is"
else
	echo "not ok 14 - who opens a workshop and who serves it know which start of the machine it is"
fi
if grep -qx 'ReadWritePaths=-/media -/run/media -/mnt' systemd/engabo-sync.service && ! grep -q /media systemd/engabo-office.service systemd/engabo-intake.service; then
	echo "ok 15 - sync alone writes on sticks"
else
	echo "not ok 15 - sync cannot write on sticks, or others can"
fi
