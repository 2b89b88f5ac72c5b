#!/usr/bin/env bash
# A peer opens the portraits: npm's jpeg-js, a decoder in another language, reads every JPEG that goes onto a chip. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/gcc}
CCCD=${CCCD:-$PWD/$build/cccd}
peers=build/peers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skip() {
	echo "ok 1 - npm jpeg-js opens portraits # SKIP $1"
	echo "1..1"
	exit 0
}
command -v node >/dev/null && command -v npm >/dev/null || skip "no node or npm"
mkdir -p "$peers"
cp tests/peers/package.json tests/peers/*.mjs "$peers/"
if ! [ -d "$peers/node_modules/jpeg-js" ]; then
	(cd "$peers" && npm install --no-package-lock --no-audit --no-fund --silent >install.log 2>&1) || skip "npm can't install the peer"
fi
for photo in tests/data/people/photos/g*.jpg; do
	"$CCCD" portrait make "$photo" -o "$work/$(basename "$photo")" --max-bytes 12000 --home "$work/none" >"$work/out" 2>&1 || {
		echo "not ok 1 - portrait make $photo"
		sed 's/^/# /' "$work/out"
		exit 1
	}
done
node "$peers/read_jpeg.mjs" 12000 "$work"/g*.jpg
