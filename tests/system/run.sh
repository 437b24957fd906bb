#!/bin/sh
# make run: a small coalition on this machine, until Ctrl-C. Argument: the program.
set -eu
exec env ENGABO="$1" /usr/bin/python3 "$(dirname "$0")/run.py"
