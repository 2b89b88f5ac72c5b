#!/usr/bin/env bash
# Runs the bench programs given, each inside a lab with one chip, and one whole card; every program prints one JSON object a
# figure on stdout. Prints a table and writes build/bench.json. Figures are ratios against a peer measured in the same run.
set -u
BUILD=${BUILD:-build/gcc}
cccd=$(realpath "$BUILD/cccd")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD_LANG=en
unset CCCD_HOME CCCD_READER CCCD_PASSWORD_FILE
figures=$work/figures
: >"$figures"
failed=0
for b in "$@"; do
	# The registry is held against a PostgreSQL that flushes, when one can be started.
	around=()
	case $b in */registry_bench) tests/support/private_postgres.sh with true 2>/dev/null && around=(tests/support/private_postgres.sh with --durable) ;; esac
	"${around[@]}" "$cccd" lab run --home "$work/none" --chips 1 -- "$b" >"$work/out" 2>"$work/err" || {
		failed=1
		echo "failed: $b"
		cat "$work/err"
	}
	grep '^{' "$work/out" >>"$figures"
done

# One card: what it costs on the wire against the least that the negotiated lengths allow.
(umask 077 && head -c 24 /dev/urandom | base64 >"$work/password")
export CCCD_HOME=$work/home CCCD_PASSWORD_FILE=$work/password
"$cccd" pki init >/dev/null 2>&1 && "$cccd" registry import tests/data/people/people.jsonl >/dev/null 2>&1
number=$(grep -oE '"number": *"[0-9]{12}"' tests/data/people/people.jsonl | head -n 1 | grep -oE '[0-9]{12}')
for form in "" --short; do
	rm -f "$work/home/station.db"*
	"$cccd" registry import tests/data/people/people.jsonl >/dev/null 2>&1
	"$cccd" lab run --chips 1 $form -- "$cccd" card issue "$number" --json >"$work/card.json" 2>/dev/null || failed=1
	node -e '
		const r = JSON.parse(require("fs").readFileSync(process.argv[1])), form = process.argv[2];
		const put = (name, value, least, unit) => console.log(JSON.stringify({ name: name + form, ratio: +(value / least).toFixed(3), value, unit,
			peer: "least that the negotiated lengths allow: " + least, spread: 0 }));
		put("wire_apdus_vs_minimum", r.apdus, r.least_apdus, "APDUs");
		put("wire_bytes_vs_minimum", r.bytes, r.least_bytes, "bytes");
	' "$work/card.json" "${form/--/_}" >>"$figures"
done

mkdir -p build
node -e '
	const fs = require("fs"), os = require("os");
	const figures = fs.readFileSync(process.argv[1], "utf8").trim().split("\n").filter(l => l).map(l => JSON.parse(l));
	const machine = { cpu: os.cpus()[0].model, cores: os.cpus().length, memory_mib: Math.round(os.totalmem() / 1048576) };
	fs.writeFileSync("build/bench.json", JSON.stringify({ schema: 1, machine, figures }, null, 1) + "\n");
	console.log("figure".padEnd(34) + "ratio".padStart(8) + "value".padStart(12) + "  unit    spread  against");
	for (const f of figures)
		console.log(f.name.padEnd(34) + f.ratio.toFixed(3).padStart(8) + String(f.value).padStart(12) + "  " + f.unit.padEnd(7) +
			String(f.spread).padStart(6) + "  " + f.peer);
' "$figures"
echo "build/bench.json"
exit $failed
