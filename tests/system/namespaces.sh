#!/bin/bash
# Hubs on a network of their own, each with its own mDNS daemon: network namespaces on one bridge, which ends nowhere.
#   namespaces.sh can [PROGRAM]       whether this machine permits it; says why not. For `bare`: `can ip`
#   namespaces.sh up N DIR            hubs 1..N, 10.77.0.1 to N; their files lie in DIR
#   namespaces.sh bare N DIR          the same network without daemons: `ip netns exec $(cat DIR/prefix)-I CMD...`
#   namespaces.sh exec DIR I CMD...   runs a command as hub I would: its network, its /run
#   namespaces.sh daemon DIR I        avahi-daemon of hub I alone: (re)started
#   namespaces.sh link DIR I up|down  hub I's cable
#   namespaces.sh down DIR
set -eu
verb=$1
shift

wait_for() { # until the command succeeds; ten seconds at most
	for _ in $(seq 500); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.02
	done
	return 1
}

daemon() { # DIR I
	local dir=$1/$2
	if [ -s "$dir/avahi.pid" ]; then
		kill "$(cat "$dir/avahi.pid")" 2>/dev/null || true
		wait_for sh -c "! kill -0 $(cat "$dir/avahi.pid")" || true
	fi
	rm -f "$dir/run/avahi-daemon/pid"
	setsid nsenter -t "$(cat "$dir/dbus.pid")" -n -m -- sh -c "echo \$\$ >$dir/avahi.pid; exec avahi-daemon -f $dir/avahi.conf --no-rlimits --no-chroot" \
		</dev/null >"$dir/avahi.log" 2>&1 &
	wait_for nsenter -t "$(cat "$dir/dbus.pid")" -n -m -- dbus-send --system --print-reply --dest=org.freedesktop.Avahi / \
		org.freedesktop.Avahi.Server.GetState
}

hub() { # DIR I
	local name=$3-$2 dir=$1/$2
	mkdir -p "$dir/run/dbus" "$dir/run/avahi-daemon"
	chmod 755 "$1" "$dir" "$dir/run" "$dir/run/dbus" "$dir/run/avahi-daemon"
	chown messagebus "$dir/run/dbus"
	chown avahi "$dir/run/avahi-daemon"
	printf '[server]\nhost-name=h%s\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=eth0\nenable-dbus=yes\nratelimit-interval-usec=1000000\nratelimit-burst=1000\n[wide-area]\nenable-wide-area=no\n[publish]\npublish-hinfo=no\npublish-workstation=no\n[rlimits]\n' \
		"$2" >"$dir/avahi.conf"
	# ip netns exec gives a mount namespace of its own: what is bound here is seen by nobody else.
	setsid ip netns exec "$name" sh -c "mount --bind $dir/run /run && echo \$\$ >$dir/dbus.pid && exec dbus-daemon --system --nofork --nopidfile" \
		</dev/null >"$dir/dbus.log" 2>&1 &
	wait_for test -S "$dir/run/dbus/system_bus_socket"
	daemon "$1" "$2"
}

case $verb in
can)
	for program in ${1:-ip nsenter dbus-daemon dbus-send avahi-daemon}; do
		command -v $program >/dev/null || { echo "$program is not installed"; exit 1; }
	done
	[ "$(id -u)" = 0 ] || { echo "only root may make network namespaces"; exit 1; }
	unshare -n -m true 2>/dev/null || { echo "network namespaces are not permitted here"; exit 1; }
	;;
up | bare)
	count=$1 dir=$2 prefix=engabo$$
	mkdir -p "$dir"
	echo "$prefix" >"$dir/prefix"
	ip netns add "$prefix-sw"
	ip -n "$prefix-sw" link add br0 type bridge mcast_snooping 0
	ip -n "$prefix-sw" link set br0 up
	for i in $(seq "$count"); do
		ip netns add "$prefix-$i"
		ip -n "$prefix-$i" link set lo up
		ip -n "$prefix-$i" link add eth0 type veth peer name "p$i" netns "$prefix-sw"
		ip -n "$prefix-$i" addr add "10.77.0.$i/24" dev eth0
		ip -n "$prefix-$i" link set eth0 up
		ip -n "$prefix-sw" link set "p$i" master br0 up
	done
	[ "$verb" = bare ] || for i in $(seq "$count"); do
		hub "$dir" "$i" "$prefix"
	done
	;;
exec)
	dir=$1 i=$2
	shift 2
	exec nsenter -t "$(cat "$dir/$i/dbus.pid")" -n -m -- "$@"
	;;
daemon)
	daemon "$1" "$2"
	;;
link)
	ip -n "$(cat "$1/prefix")-sw" link set "p$2" "$3"
	;;
down)
	dir=$1
	[ -s "$dir/prefix" ] || exit 0
	for file in "$dir"/*/avahi.pid "$dir"/*/dbus.pid; do
		[ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
	done
	sleep 0.3
	for name in $(ip netns list | sed -n "s/^\($(cat "$dir/prefix")-[^ ]*\).*/\1/p"); do
		ip netns del "$name"
	done
	;;
esac
