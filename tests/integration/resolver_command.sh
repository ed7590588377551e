#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# `hinomi resolver` as people meet it: help, --check, explain, export, ctl without a resolver; and what is packaged.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

resolver="$HINOMI_BIN/hinomi resolver"
cd "$TAP_DIR" || exit 1
chmod 755 . # who starts as root reads as another user
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
sed "s|/var/lib/hinomi-resolver|$TAP_DIR|" "$HINOMI_SOURCE/dist/resolver.yaml" >packaged.yaml
is "the packaged example is good" "$(code $resolver --check --config packaged.yaml)" 0
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

# Each file that is named and out of reach: which, and where it is named. what KEY VALUE: a line of the configuration.
user=$(id -un)
[ "$(id -u)" = 0 ] && user=$(getent passwd hinomi-resolver nobody | head -n 1 | cut -d: -f1)
refused() { # LINE KEY PATH WHY
	echo "hinomi resolver: bad.yaml:$1: $2: '$3' cannot be read by user '$user', as which the resolver runs: $4"
}
none="no such file or directory"
printf 'policy:\n  - {name: a, rpz: none.rpz}\n  - {name: b, set: [none.him]}\n  - {name: c, directory: none.d}\n' >bad.yaml
is "policies that are not there are told at once" "$($resolver --check --config bad.yaml 2>&1)" \
	"$(refused 2 policy.rpz none.rpz "$none"; refused 3 policy.set none.him "$none"; refused 4 policy.directory none.d "$none")"
is "in Japanese too" "$(HINOMI_LANG=ja $resolver --check --config bad.yaml 2>&1 | grep -c 'ファイルまたはディレクトリがない')" 3
printf 'recursion:\n  trust_anchors: none.key\ncookies: {secrets: none.secret}\n' >bad.yaml
is "anchors and secrets" "$($resolver --check --config bad.yaml 2>&1)" \
	"$(refused 2 recursion.trust_anchors none.key "$none"; refused 3 cookies.secrets none.secret "$none")"
printf 'groups:\n  - {name: a, prefix_file: none.txt}\n' >bad.yaml
is "a file of prefixes" "$($resolver --check --config bad.yaml 2>&1)" \
	"hinomi resolver: none.txt: cannot be read: is not there (named in bad.yaml:2: groups.prefix_file)"
echo 'no certificate' >text.pem
printf 'listen:\n  - {address: 127.0.0.1, port: 8530, transports: [tls], certificate: text.pem, key: text.pem}\n' >bad.yaml
is "what is no certificate" "$($resolver --check --config bad.yaml 2>&1)" \
	"hinomi resolver: text.pem: cannot be used for TLS: no certificate in PEM stands in it (named in bad.yaml:2: listen.certificate)"
is "and when it is to serve" "$($resolver --config bad.yaml 2>&1 | tail -n 1)" \
	"hinomi resolver: text.pem: cannot be used for TLS: no certificate in PEM stands in it (named in bad.yaml:2: listen.certificate)"
printf '\n\ncookies: {secrets: text.pem}\n' >bad.yaml
is "what is no secret" "$($resolver --check --config bad.yaml 2>&1 | grep -c '^hinomi resolver: text.pem: .*(named in bad.yaml:3: cookies.secrets)$')" 1
printf '\nrecursion: {trust_anchors: text.pem}\n' >bad.yaml
is "what is no trust anchor" "$($resolver --check --config bad.yaml 2>&1 | grep -c 'text.pem.*(named in bad.yaml:2: recursion.trust_anchors)$')" 1
printf 'policy:\n  - {name: a, rpz: text.pem}\n' >bad.yaml
is "what is no zone" "$($resolver --check --config bad.yaml 2>&1 | grep -c '^hinomi resolver: text.pem:1.*(named in bad.yaml:2: policy.rpz)$')" 1
printf 'policy:\n  - {name: a, rpz: feed.rpz}\n  - name: b\n    rpz: feed.rpz\n    action: local-data\n    records: ["A 192.0.2.1", "A 192.0.2"]\n' >bad.yaml
is "a record that is none" "$($resolver --check --config bad.yaml 2>&1)" \
	"hinomi resolver: bad.yaml:3: policy.records[1]: 'A 192.0.2' is no record: write 'TYPE DATA', like 'A 192.0.2.1'"
is "and its exit code" "$(code $resolver --check --config bad.yaml)" 2
printf 'events: {directory: none/events}\n' >bad.yaml
is "events that cannot be made" "$($resolver --check --config bad.yaml 2>&1)" \
	"hinomi resolver: bad.yaml:1: events.directory: 'none/events' cannot be written to by user '$user', as which the resolver runs: $none"
printf 'events: {directory: feed.rpz}\n' >bad.yaml
is "events in a file" "$(code $resolver --check --config bad.yaml)" 3
printf 'events: {directory: made}\n' >bad.yaml
is "events that will be made" "$(code $resolver --check --config bad.yaml)" 0
ok "and are not made by it" test ! -e made
if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 sets events-root
	cp /usr/share/dns/root.key own.key
	cp feed.rpz own.rpz
	"$HINOMI_BIN/hinomi" indicators compile -o sets/own.him --set a --act act-1 feed.rpz >/dev/null
	chmod 600 own.key own.rpz sets/own.him
	printf 'recursion: {trust_anchors: own.key}\npolicy:\n  - {name: a, rpz: own.rpz}\n  - {name: b, directory: sets}\nevents: {directory: events-root}\n' >bad.yaml
	is "root's own files, which a reload could not read" "$($resolver --check --config bad.yaml 2>&1)" \
		"$(refused 1 recursion.trust_anchors own.key "permission denied"; refused 3 policy.rpz own.rpz "permission denied"
		refused 4 policy.directory sets/own.him "permission denied"
		echo "hinomi resolver: bad.yaml:5: events.directory: 'events-root' cannot be written to by user '$user', as which the resolver runs: permission denied")"
	is "with the code of files" "$(code $resolver --check --config bad.yaml)" 3
	chmod 644 own.key own.rpz sets/own.him
	chown "$user" events-root
	is "good once they are given" "$(code $resolver --check --config bad.yaml)" 0
else
	skip "root's own files" "not root"
fi

is "a listed name is explained" "$($resolver explain www.evil.example --config good.yaml | grep -c "'feed'")" 1
is "as JSON" "$($resolver explain --json EVIL.example. --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" nxdomain
is "for a client" "$($resolver explain --json evil.example --client 198.51.100.1 --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" none
is "for a group" "$($resolver explain --json evil.example --group free --config good.yaml | python3 -c 'import json,sys; print(json.load(sys.stdin)["action"])')" none
is "a client of no group" "$(code $resolver explain evil.example --client 203.0.113.1 --config good.yaml)" 1
is "a group that is not there" "$(code $resolver explain evil.example --group none --config good.yaml)" 2
is "without a network it says what it could not judge" "$($resolver explain www.example --client 192.0.2.1 --config good.yaml | sed -n 's/^  note: //p')" \
	"not judged, since nothing is resolved here: aliases; how much it is asked, and where it leads, says the resolver that runs: leave out --config"
is "what client or name decide needs no more" "$($resolver explain evil.example --client 192.0.2.1 --config good.yaml | sed -n 's/^  note: //p')" \
	"how much it is asked, and where it leads, says the resolver that runs: leave out --config"
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
