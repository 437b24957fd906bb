#!/bin/sh
# Installs those of the named Debian packages that are missing; asks for root only then. Says nothing when all are there.
set -eu
missing=
for package in "$@"; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
# Machines that have node from elsewhere cannot have Debian's beside it; any that runs will do.
case " $missing " in *" nodejs "*) command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
	missing=$(printf '%s' "$missing" | sed 's/ nodejs\b//; s/ npm\b//') ;; esac
case " $missing " in *" npm "*) command -v npm >/dev/null 2>&1 && missing=$(printf '%s' "$missing" | sed 's/ npm\b//') ;; esac
[ -n "$(echo $missing)" ] || exit 0
echo "Installing:$missing"
if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
