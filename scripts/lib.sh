# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# shellcheck shell=bash
# What the scripts behind ./x share. Source it; the caller has `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The user's language, chosen as base/lang.c does.
_lang=${HINOMI_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-en}}}}

# t ENGLISH JAPANESE: the text in the user's language.
t() {
	case $_lang in
	ja*) printf '%s' "$2" ;;
	*) printf '%s' "$1" ;;
	esac
}

say() { printf '%s\n' "$(t "$1" "$2")" >&2; }

die() {
	local code=$1
	shift
	printf 'x: %s\n' "$(t "$1" "$2")" >&2
	exit "$code"
}

# package_names FILE...: the names in package lists, without comments.
package_names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# missing_packages FILE...: those that are not installed.
missing_packages() {
	local name
	while read -r name; do
		# Who has another Node.js than Debian's has its npm too, and the package would take its place.
		[ "$name" = npm ] && command -v npm >/dev/null && continue
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || echo "$name"
	done < <(package_names "$@")
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die 2 "this needs root or sudo: $*" "rootかsudoが必要: $*"
	fi
}

# install_packages NAME...
install_packages() {
	command -v apt-get >/dev/null || die 2 "not a Debian system; install these yourself: $*" "Debianではない。次を導入すること: $*"
	say "installing: $*" "導入する: $*"
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
	as_root "${apt[@]}" update >&2 ||
		say "package lists could not all be refreshed; going on" "パッケージ一覧の一部を更新できなかったが続ける"
	as_root "${apt[@]}" install -y --no-install-recommends "$@" >&2 ||
		die 5 "packages could not be installed; see above" "パッケージを導入できなかった。上の出力を参照"
}

# install_missing FILE...: installs what the lists name and the machine lacks; calls apt only then. Where npm alone is
# missing and cannot be had, everything but the console is built.
install_missing() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	if [ "${missing[*]}" = npm ]; then
		(install_packages npm) || say "going on without npm, and so without the console" "npmなしで続ける。コンソールは作られない"
	elif [ ${#missing[@]} -gt 0 ]; then
		install_packages "${missing[@]}"
	fi
}

# configure DIR [MESON OPTION]...: sets a build directory up once; a changed CC sets it up anew.
configure() {
	local dir=$1
	shift
	if [ -e "$dir/build.ninja" ] && [ -n "${CC:-}" ] && [ "$(cat "$dir/.cc" 2>/dev/null || true)" != "$CC" ]; then
		rm -rf "$dir"
	fi
	if [ ! -e "$dir/build.ninja" ]; then
		rm -rf "$dir"
		local out
		out=$(meson setup "$dir" "$@" 2>&1) || die 5 "cannot set up $dir:
$out" "$dir を準備できない:
$out"
		echo "${CC:-}" >"$dir/.cc"
	fi
}

# compile DIR [TARGET]...: shows what it does to who watches, else only what went wrong.
compile() {
	if [ -t 2 ]; then
		ninja -C "$@" >&2
		return
	fi
	local out
	out=$(ninja -C "$@" 2>&1) || {
		printf '%s\n' "$out" >&2
		return 1
	}
}
