#!/usr/bin/env bash
# The feed of the national registry against a stand-in that loses answers, fails, redirects, floods and doubles.
set -u
. tests/support/station.sh
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; rm -rf "$work"' EXIT
serve() { # name, script as JSON, server arguments...: sets port
	local name=$1 script=$2
	shift 2
	echo "{\"script\": $script}" >"$work/$name.json"
	mkfifo "$work/$name.port"
	node tests/support/feed_server.mjs "$work/$name.json" "$@" >"$work/$name.port" 2>"$work/$name.err" &
	servers+=($!)
	read -r port <"$work/$name.port"
}
feed() { "$cccd" registry feed --once --now "$@"; }
# Deliveries until nothing waits: each run ends at the first that failed.
until_done() {
	for _ in $(seq 1 40); do
		feed "$@" && return 0
	done
	return 1
}
check() { # name of the server, JavaScript over s
	node -e 'const s = JSON.parse(require("fs").readFileSync(process.argv[1])); const fail = (m) => { console.log(m, JSON.stringify(s)); process.exit(1); };
		'"$2" "$work/$1.json"
}
mapfile -t numbers < <(grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}' | head -n 4)
export NUMBERS="${numbers[*]}"

cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
run 0 "import" "" "$cccd" registry import $people/people.jsonl
run 0 "four cards are issued" "" "$cccd" lab run --chips 4 -- sh -c '
	set -- $NUMBERS
	"$CCCD" reader list --json | grep -o "\"name\": *\"[^\"]*\"" | cut -d\" -f4 | while read -r name; do
		[ -n "${1:-}" ] || break
		"$CCCD" card issue "$1" --reader "$name" </dev/null || exit 1
		shift
	done'
run 2 "unknown options are refused" "" "$cccd" registry feed --nowhere
run 2 "no address" "address" feed
run 2 "plain http leaves this machine" "https" feed --url http://dancu.example/feed
run 1 "nobody there: it waits" "0 accepted, 0 refused, 1 deliveries failed, 4 waiting" feed --url http://127.0.0.1:9/

serve bad '["drop-before","500","drop-after","html","401","cut-answer","redirect","500-after","flood","good","drop-after"]'
echo "a token" >"$work/token"
run 0 "through every fault" "0 waiting" until_done --url "http://127.0.0.1:$port/feed" --token "$work/token"
run 0 "each card was told once, in order, and the faults all happened" "" check bad '
	if (s.applied.length !== 4 || new Set(s.applied.map((e) => e.key)).size !== 4) fail("applied");
	if (s.applied.some((e, i) => e.sequence !== i + 1 || e.key !== "card-issued/" + e.body.serial)) fail("order");
	if (s.script.length || s.faults.length !== 10 || s.doubles < 2) fail("faults");
	if (s.token !== "Bearer a token") fail("token");
	if (/[0-9]{12}/.test(JSON.stringify(s.applied.map((e) => Object.keys(e.body))))) fail("personal");
	console.log(`# count: feed: ${s.applied.length} events, ${s.deliveries} deliveries, ${s.faults.length} faults, ${s.doubles} doubled, each applied once`);'
grep '^# count' "$work/out"
run 0 "nothing is left" "0 accepted, 0 refused, 0 deliveries failed, 0 waiting" feed --url "http://127.0.0.1:$port/feed"

# ---- TLS: the certificate is checked, and so is the name in it
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=elsewhere -addext subjectAltName=DNS:elsewhere \
	-keyout "$work/key2.pem" -out "$work/cert2.pem" 2>/dev/null
N5=$(grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}' | sed -n 5p)
export N5
run 0 "a fifth card" "" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue "$N5"'
serve named '[]' "$work/cert2.pem" "$work/key2.pem"
run 1 "a certificate of another name" "1 deliveries failed, 1 waiting" feed --url "https://127.0.0.1:$port/" --ca "$work/cert2.pem"
serve tls '["refuse"]' "$work/cert.pem" "$work/key.pem"
run 1 "a certificate that isn't trusted" "1 deliveries failed, 1 waiting" feed --url "https://127.0.0.1:$port/"
run 3 "over TLS; what is refused is set aside" "0 accepted, 1 refused, 0 deliveries failed, 0 waiting" feed --url "https://127.0.0.1:$port/" --ca "$work/cert.pem"
run 0 "before the certificate was trusted nothing was said" "" check tls 'if (s.deliveries !== 1) fail("deliveries");'
run 0 "nothing was said to the other name" "" check named 'if (s.deliveries) fail("deliveries");'
echo "1..$n"
