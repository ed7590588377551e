#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# `hinomi resolver` as people meet it: help, --check, explain, export, ctl without a resolver; and what is packaged.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

resolver="$HINOMI_BIN/hinomi resolver"
cd "$TAP_DIR" || exit 1
export XDG_RUNTIME_DIR=$TAP_DIR

cat >feed.rpz <<'END'
$ORIGIN rpz.test.
@ 60 IN SOA localhost. root. 1 60 60 60 60
@ 60 IN NS localhost.
evil.example 60 IN CNAME .
*.evil.example 60 IN CNAME .
good.evil.example 60 IN CNAME rpz-passthru.
END
cat >good.yaml <<'END'
groups:
  - {name: office, prefixes: [192.0.2.0/24], policy: [feed]}
  - {name: free, prefixes: [198.51.100.0/24], policy: []}
policy:
  - {name: feed, rpz: feed.rpz}
END

for command in '' ctl explain export; do
	for lang in en ja; do
		# shellcheck disable=SC2086
		lines=$(HINOMI_LANG=$lang $resolver $command --help | wc -l)
		ok "help of '$command' fits one screen ($lang)" test "$lines" -gt 5 -a "$lines" -le 24
	done
done

is "the embedded default is good" "$(code $resolver --check)" 0
is "the packaged example is good" "$(code $resolver --check --config "$HINOMI_SOURCE/dist/resolver.yaml")" 0
is "check counts" "$($resolver --check --config good.yaml)" "good.yaml: good; 2 listeners, 2 groups, 1 policies with 3 entries"
printf 'listen:\n  - {address: 0.0.0.0, transports: [udp]}\n' >open.yaml
is "an open resolver is a usage error" "$(code $resolver --config open.yaml)" 2
is "with one clear line" "$($resolver --config open.yaml 2>&1)" \
	"hinomi resolver: open.yaml:2: listen.address: is beyond loopback, but no group says who is served; add 'groups'"
printf 'colour: red\n' >unknown.yaml
is "an unknown key too" "$(code $resolver --check --config unknown.yaml)" 2
is "a configuration that is not there" "$(code $resolver --config none.yaml)" 3
sed 's/feed.rpz/none.rpz/' good.yaml >lost.yaml
is "a policy that is not there" "$(code $resolver --check --config lost.yaml)" 3
printf 'listen: [{address: 127.0.0.1, transports: [tls], certificate: none.pem, key: none.key}]\n' >tls.yaml
is "a certificate that is not there" "$(code $resolver --check --config tls.yaml)" 3
is "an unknown command" "$(code $resolver frobnicate)" 2

is "a listed name is explained" "$($resolver explain www.evil.example --config good.yaml | grep -c "'feed'")" 1
is "as JSON" "$($resolver explain --json EVIL.example. --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" nxdomain
is "for a client" "$($resolver explain --json evil.example --client 198.51.100.1 --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" none
is "for a group" "$($resolver explain --json evil.example --group free --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" none
is "a client of no group" "$(code $resolver explain evil.example --client 203.0.113.1 --config good.yaml)" 1
is "a group that is not there" "$(code $resolver explain evil.example --group none --config good.yaml)" 2
is "what is no name" "$(code $resolver explain 'a b' --config good.yaml)" 2
is "what is no address" "$(code $resolver explain evil.example --client x --config good.yaml)" 2

is "a zone is exported" "$($resolver export --config good.yaml --zone rpz.test --serial 7 2>/dev/null | grep -c CNAME)" 3
$resolver export --config good.yaml --zone rpz.test -o out.rpz 2>/dev/null
sed 's/feed.rpz/out.rpz/' good.yaml >again.yaml
is "and read again" "$($resolver --check --config again.yaml | grep -c '3 entries')" 1
is "not without a configuration" "$(code $resolver export)" 2
is "not to where nothing can be" "$(code $resolver export --config good.yaml -o none/out.rpz)" 5

is "nobody listens" "$(code $resolver ctl status)" 5
is "nor for explain" "$(code $resolver explain evil.example)" 5
is "no such command" "$(code $resolver ctl frobnicate)" 2
is "too few arguments" "$(code $resolver ctl flush)" 2
is "a configuration without control" "$(code $resolver ctl status --config good.yaml)" 2

if command -v systemd-analyze >/dev/null; then
	unit=$TAP_DIR/hinomi-resolver.service
	sed 's|/usr/bin/hinomi|/bin/true|' "$HINOMI_SOURCE/dist/hinomi-resolver.service" >"$unit"
	is "the unit is well formed" "$(systemd-analyze verify --man=no "$unit" 2>&1 | grep hinomi-resolver.service)" ""
	exposure=$(systemd-analyze security --no-pager --offline=true "$unit" 2>/dev/null | sed -n 's/.*exposure level.*: \([0-9]*\)\..*/\1/p')
	if [ -n "$exposure" ]; then
		ok "and exposes little ($exposure)" test "$exposure" -le 2
	else
		skip "and exposes little" "this systemd-analyze cannot judge a file"
	fi
else
	skip "the unit is well formed" "no systemd-analyze"
fi
done_testing
