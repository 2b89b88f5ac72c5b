#!/usr/bin/env bash
# A peer reads DG1: npm's mrz parses the machine readable zones of all people of tests/data/people. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
people=tests/data/people/people.jsonl
build=${BUILD:-build/gcc}
peers=build/peers

skip() {
	echo "ok 1 - npm mrz reads DG1 # SKIP $1"
	echo "1..1"
	exit 0
}

[ -f "$people" ] || skip "no $people"
command -v node >/dev/null && command -v npm >/dev/null || skip "no node or npm"
mkdir -p "$peers"
cp tests/peers/package.json tests/peers/*.mjs "$peers/"
if ! [ -d "$peers/node_modules/mrz" ]; then
	(cd "$peers" && npm install --no-package-lock --no-audit --no-fund --silent >install.log 2>&1) || skip "npm can't install the peer"
fi
${MAKE:-make} -s --no-print-directory ${SANITIZE:+SANITIZE=1} "$build/tests/peers/print_dg1" >"$peers/make.log" 2>&1 || {
	sed 's/^/# /' "$peers/make.log"
	echo "not ok 1 - print_dg1 builds"
	exit 1
}
"$build/tests/peers/print_dg1" "$people" >"$peers/dg1.jsonl" || {
	echo "not ok 1 - print_dg1 writes DG1 of all people"
	exit 1
}
node "$peers/read_mrz.mjs" <"$peers/dg1.jsonl"
