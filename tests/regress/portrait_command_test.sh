#!/usr/bin/env bash
# `cccd portrait`: verdicts, exit codes and JSON that a script reads; TAP.
set -u
CCCD=${CCCD:-${BUILD:-build/gcc}/cccd}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD_HOME=$work/home CCCD_LANG=en
faulty=tests/data/faulty_portraits good=tests/data/people/photos
mkdir -p "$CCCD_HOME"
out=$work/out
. tests/support/command.sh

ok "a good photo passes" exits 0 "$CCCD" portrait check $good/g01.jpg
ok "a faulty one ends with 3" exits 3 "$CCCD" portrait check $faulty/b09_coloured_background.jpg
ok "an undecodable one ends with 3" exits 3 "$CCCD" portrait check $faulty/b27_zero_byte.jpg --json
ok "... and names the defect" json 'v.schema === 1 && v.verdict === "fail" && v.defects.includes("corrupt_file")'
ok "a missing file ends with 1" exits 1 "$CCCD" portrait check "$work/none.jpg"
exits 3 "$CCCD" portrait check $faulty/b25_png_renamed.jpg --json
ok "a PNG is measured and refused" json 'v.defects.includes("wrong_format") && v.defects.includes("low_resolution") && v.width === 300'
exits 3 "$CCCD" portrait check $faulty/b26_header_20000.jpg --json
ok "a bomb is named" json 'v.defects.includes("dimensions_too_large") && v.defects.includes("corrupt_file")'
exits 0 "$CCCD" portrait check $good/g01.jpg --json
ok "eyes are in pixels of the upright photo" json 'Math.hypot(v.eyes.right[0] - 231, v.eyes.right[1] - 349.7) < 7 && v.measures.length > 20 && v.measures.every(m => m.clause && m.verdict === "pass")'
ok "make writes a JPEG within the bytes asked" exits 0 "$CCCD" portrait make $good/g01.jpg -o "$work/p.jpg" --max-bytes 12000 --sheet "$work/s.png"
ok "... not above them" test "$(stat -c %s "$work/p.jpg")" -le 12000
ok "... that is a JPEG" test "$(head -c 3 "$work/p.jpg" | od -An -tx1 | tr -d ' \n')" = ffd8ff
ok "... and a PNG sheet" test "$(head -c 4 "$work/s.png" | od -An -tx1 | tr -d ' \n')" = 89504e47
exits 0 "$CCCD" portrait make $good/g11.jpg -o "$work/p.jpg"
ok "what was made passes the check again" exits 0 "$CCCD" portrait check "$work/p.jpg"
ok "a faulty photo is not made" exits 3 "$CCCD" portrait make $faulty/b09_coloured_background.jpg -o "$work/no.jpg"
ok "... nothing is written" test ! -e "$work/no.jpg"
ok "a soft defect can be overridden" exits 0 "$CCCD" portrait make $faulty/b09_coloured_background.jpg -o "$work/soft.jpg" --override
ok "a hard one can't" exits 3 "$CCCD" portrait make $faulty/b10_face_too_small.jpg -o "$work/hard.jpg" --override
ok "... nothing is written either" test ! -e "$work/hard.jpg"
ok "make without -o is a usage error" exits 2 "$CCCD" portrait make $good/g01.jpg
ok "a bad number of bytes too" exits 2 "$CCCD" portrait make $good/g01.jpg -o "$work/x.jpg" --max-bytes twelve
ok "a budget that can't be met is told" exits 1 "$CCCD" portrait make $good/g01.jpg -o "$work/x.jpg" --max-bytes 1500
ok "make writes JPEG 2000" exits 0 "$CCCD" portrait make $good/g05.jpg -o "$work/p.jp2" --format jp2 --sheet "$work/s2.png" --json
ok "... and says so" json 'v.portrait.format === "jp2" && v.portrait.bytes <= 20000 && v.portrait.similarity > 0.97'
ok "... in a JP2 file" test "$(head -c 12 "$work/p.jp2" | od -An -tx1 | tr -d ' \n')" = 0000000c6a5020200d0a870a
ok "... that passes the check again" exits 0 "$CCCD" portrait check "$work/p.jp2"
ok "the smallest of both is no larger" exits 0 "$CCCD" portrait make $good/g05.jpg -o "$work/p.any" --format smallest
"$CCCD" portrait make $good/g05.jpg -o "$work/p5.jpg" >/dev/null
ok "... than the JPEG" test "$(stat -c %s "$work/p.any")" -le "$(stat -c %s "$work/p5.jpg")"
ok "an unknown format is a usage error" exits 2 "$CCCD" portrait make $good/g01.jpg -o "$work/x.jpg" --format gif
printf '#!/bin/sh\n/bin/cat >/dev/null\necho \x27{"faces":1,"eyes":{"right":[231,350],"left":[300,350]}}\x27\n' >"$work/detector"
chmod 700 "$work/detector"
echo "{\"face.cross-check\": \"$work/detector\"}" >"$CCCD_HOME/settings.json"
ok "a second detector may disagree" exits 3 "$CCCD" portrait check $good/g01.jpg --json
ok "... softly" json 'v.defects.includes("detectors_disagree") && v.overridable === true'
echo '{"face.cross-check": "/nonexistent/detector"}' >"$CCCD_HOME/settings.json"
ok "one that does not run is an error" exits 1 "$CCCD" portrait check $good/g01.jpg
echo '{"image.sandbox": "perhaps"}' >"$CCCD_HOME/settings.json"
ok "the sandbox is required or not, nothing else" exits 1 "$CCCD" portrait check $good/g01.jpg
rm "$CCCD_HOME/settings.json"
echo '{"background_colour": {"max": 100}}' >"$CCCD_HOME/portrait.json"
ok "a threshold comes from the settings file" exits 0 "$CCCD" portrait check $faulty/b09_coloured_background.jpg
echo '{"background_color": {"max": 100}}' >"$CCCD_HOME/portrait.json"
ok "an unknown measure in it is an error" exits 1 "$CCCD" portrait check $good/g01.jpg
ok "... that names it" grep -q background_color "$last"
echo "1..$n"
