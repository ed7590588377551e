#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x test fresh: does what the README promises, in a new minimal Debian 12 (main and security only): clones the
# committed HEAD, then ./x run, ./x run selection and ./x test (or, for ci, .ci/run) as root. The mounts live in a
# namespace of their own, so that they are gone however this ends. The empty system is kept in build-fresh/base; remove
# it to begin anew.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

base=build-fresh/base root=build-fresh/root

# The mirror that this machine uses for bookworm, else Debian's.
mirror() {
	local found
	# All of it is read, since a reader that ends early would be taken for a failure.
	found=$(sed -n -e 's/^URIs: *\([^ ]*\/debian\/\?\) *$/\1/p' -e 's/^deb \(\[[^]]*\] \)\?\([^ ]*\/debian\/\?\) bookworm .*/\2/p' \
		/etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null) || true
	echo "${found:-http://deb.debian.org/debian}" | sed -n 1p
}

make_base() {
	[ ! -e "$base/.whole" ] || return 0
	rm -rf "$base"
	mkdir -p build-fresh
	local from
	from=$(mirror)
	say "installing a minimal Debian 12 from $from" "最小のDebian 12を $from から作る"
	debootstrap --variant=minbase bookworm "$base" "$from" >build-fresh/debootstrap.log ||
		die 5 "debootstrap failed; see build-fresh/debootstrap.log" "debootstrapに失敗した。build-fresh/debootstrap.log を参照"
	printf 'deb %s bookworm main\ndeb %s bookworm-security main\n' "$from" "${from%/}-security" \
		>"$base/etc/apt/sources.list"
	# No daemon starts in a chroot.
	printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
	chmod +x "$base/usr/sbin/policy-rc.d"
	touch "$base/.whole"
}

mount_root() {
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir "$root/dev/shm" "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
	local device
	for device in null zero full random urandom tty; do
		touch "$root/dev/$device"
		mount --bind "/dev/$device" "$root/dev/$device"
	done
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s fd/0 "$root/dev/stdin"
	ln -s fd/1 "$root/dev/stdout"
	ln -s fd/2 "$root/dev/stderr"
}

# Only what a login would set, and no language: programs print UTF-8 all the same.
inside() {
	chroot "$root" env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HINOMI_LANG="${HINOMI_LANG:-}" sh -c "cd /srv/hinomi && $1"
}

fresh() {
	make_base
	rm -rf "$root"
	cp -a "$base" "$root"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	# How this machine reaches its mirror is not the system's matter: a proxy is carried over.
	apt-config dump | grep -E '^Acquire::[^ ]*[Pp]roxy ' >"$root/etc/apt/apt.conf.d/90proxy" || true
	git clone -q --no-hardlinks "file://$PWD" "$root/srv/hinomi"
	mount_root
	local job
	for job in 'run --once' 'run selection'; do
		say "== ./x $job" "== ./x $job"
		inside "./x $job" || {
			say "./x $job failed in the fresh system" "新しい環境で ./x $job が失敗した"
			echo "0 passed, 1 failed, 0 skipped"
			return 1
		}
	done
	local test="./x test $*"
	[ "$*" != ci ] || test=.ci/run
	say "== $test" "== $test"
	inside "$test"
}

if [ "${1:-}" = --inside ]; then
	shift
	fresh "$@"
	exit
fi
[ "$(id -u)" = 0 ] || die 2 "test fresh needs root: sudo ./x test fresh" "test fresh にはrootが要る: sudo ./x test fresh"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
printf 'debootstrap\ngit\n' >"$list"
install_missing "$list"
status=0
unshare --mount --propagation private --pid --fork --kill-child "$0" --inside "$@" || status=$?
rm -rf "$root"
exit $status
