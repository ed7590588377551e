#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# A resolver that runs: its control socket, and its block page as a browser meets it.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

resolver="$HINOMI_BIN/hinomi resolver"
cd "$TAP_DIR" || exit 1
chmod 755 . # who starts as root reads as another user

read -r dns_port http_port < <(python3 - <<'END'
import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in taken))
END
)
cat >feed.rpz <<'END'
$ORIGIN rpz.test.
@ 60 IN SOA localhost. root. 1 60 60 60 60
@ 60 IN NS localhost.
evil.example 60 IN CNAME .
*.evil.example 60 IN CNAME .
END
cat >r.yaml <<END
listen: [{address: 127.0.0.1, port: $dns_port, transports: [udp, tcp]}]
threads: 1
recursion: {threads: 1}
policy:
  - {name: feed, rpz: feed.rpz, action: sinkhole, sinkhole: [127.0.0.1], reason: law, organisation: "<Court>"}
blockpage: {addresses: [127.0.0.1], port: $http_port, organisation_en: Centre, organisation_ja: 統括室,
            contact_en: a@example, contact_ja: b@example}
control: {socket: control}
END

# A sanitizer's build looks for leaks with system calls that the sandbox does not leave it.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 $resolver --config r.yaml 2>log &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid"' EXIT
for _ in $(seq 300); do
	[ "$(code $resolver ctl -s control status)" = 0 ] && break
	sleep 0.1
done
ctl() { $resolver ctl --config r.yaml "$@"; }
# member NAME...: of the answer on standard input.
member() { python3 -c '
import json, sys
value = json.load(sys.stdin)["answer"]
for name in sys.argv[1:]:
    value = value[int(name) if name.isdigit() else name]
print(value)' "$@"; }

ok "it answers" ctl status
is "what it is" "$(ctl --json status | member threads)" 1
is "the socket is its user's alone" "$(stat -c %a control)" 600
is "which policy is in force" "$(ctl --json policy | member sets 0 name)" feed
is "with how many entries" "$(ctl --json policy | member sets 0 entries)" 2
is "who decides" "$(ctl --json explain www.evil.example 127.0.0.1 | member decided entry)" '*.evil.example'
is "explain asks the one that runs" "$($resolver explain -s control --json www.evil.example | member action)" sinkhole
is "a client of no group" "$(code $resolver ctl --config r.yaml explain evil.example 192.0.2.1)" 1
is "an answer is forgotten" "$(ctl --json flush evil.example | member name)" evil.example
is "what is no name is not" "$(code $resolver ctl --config r.yaml flush 'a..b')" 1

echo 'more.example 60 IN CNAME .' >more
cp feed.rpz feed.first
cat feed.rpz more >feed.new && mv feed.new feed.rpz
ok "a reload" ctl reload
is "takes what is new" "$(ctl --json policy | member sets 0 entries)" 3
head -n 3 feed.first >feed.new && mv feed.new feed.rpz
is "a file that lost its rules looks cut" "$(code $resolver ctl --config r.yaml reload)" 1
is "but for who says so" "$(ctl --json reload force | member sets 0 entries)" 0
is "no other word is known" "$(code $resolver ctl --config r.yaml reload now)" 1
cat feed.first more >feed.new && mv feed.new feed.rpz && ctl reload >/dev/null
echo 'broken' >feed.new && mv feed.new feed.rpz
is "a reload of what is broken is refused" "$(code $resolver ctl --config r.yaml reload)" 1
ok "and says which file" grep -q 'feed.rpz' <(ctl reload 2>&1)
is "and changes nothing" "$(ctl --json policy | member sets 0 entries)" 3

# page HOST LANGUAGE: status, then the page.
page() {
	python3 - "$http_port" "$1" "$2" <<'END'
import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
c.request("POST", "/login?user=x", body="pass=hunter2", headers={"Host": sys.argv[2], "Accept-Language": sys.argv[3]})
r = c.getresponse()
print(r.status, r.getheader("Set-Cookie"), r.getheader("Connection"))
print(r.read().decode())
END
}
page WWW.evil.example en-GB,ja >en.html
is "the law's block" "$(head -n 1 en.html)" "451 None close"
is "names what was asked" "$(grep -c 'www.evil.example' en.html)" 1
is "and who ordered it, harmlessly" "$(grep -c '&lt;Court&gt;' en.html)" 1
is "and where to appeal" "$(grep -c 'a@example' en.html)" 1
is "nothing of what was sent comes back" "$(grep -c -e hunter2 -e user=x en.html)" 0
is "in Japanese" "$(page evil.example ja | grep -c "lang=\"ja\"")" 1
is "of other names nothing is told" "$(page good.example en | sed -n 1p)" "404 None close"

kill -TERM "$pid"
wait "$pid"
is "it ends when told to" "$?" 0
is "the log names the listed name" "$(grep -c 'evil.example' log)" 2
is "and not the one that was asked" "$(grep -c -i 'www.evil' log)" 0

# A service's way: the user itself starts and asks it, no root anywhere.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
	mkdir own
	sed "s|rpz: feed.rpz|rpz: ../good.rpz|" r.yaml >own/r.yaml
	cp feed.first good.rpz
	chmod -R a+rX . && chown -R 65534:65534 own
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 $as_user $resolver --config own/r.yaml 2>own.log &
	pid=$!
	for _ in $(seq 300); do
		[ -S own/control ] && break
		sleep 0.1
	done
	for command in status policy 'explain evil.example' 'flush evil.example' reload; do
		# shellcheck disable=SC2086
		ok "its user asks '$command'" $as_user $resolver ctl --config own/r.yaml $command
	done
	ok "so does root" $resolver ctl --config own/r.yaml status
	kill -TERM "$pid"
	wait "$pid"
	is "and it lives until it is told to end" "$?" 0
else
	skip "its user asks" "only root can become another user"
fi
done_testing
