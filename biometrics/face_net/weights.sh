#!/bin/sh
# Turns weights/NAME.bin and its manifest into a C header on standard output: the bytes, and a table of the tensors.
# usage: weights.sh FOLDER NAME
set -eu
printf '/* Made by weights.sh from %s.bin; see ORIGIN.md there. */\n' "$2"
printf 'static const uint8_t %s_bytes[] = {\n' "$2"
od -An -v -tu1 -w32 "$1/$2.bin" | sed -e 's/^ */ /' -e 's/  */,/g' -e 's/^,//' -e 's/$/,/'
printf '};\nstatic const struct face_tensor %s[] = {\n' "$2"
sed -n 's/.*"name":"\([^"]*\)","shape":\[\([0-9,]*\)\].*"scale":\([-0-9.e]*\),"min":\([-0-9.e]*\).*/\1 \2 \3 \4/p' \
	"$1/$2-weights_manifest.json" | awk '
	function real(v) { return v (v ~ /[.e]/ ? "" : ".0") "f" }
	{ n = split($2, side, ","); count = 1; for (i = 1; i <= n; i++) count *= side[i]
	  printf "\t{ \"%s\", %d, %d, %s, %s },\n", $1, at, count, real($3), real($4); at += count }
	END { printf "};\n_Static_assert(sizeof '"$2"'_bytes == %d, \"manifest and weights belong together\");\n", at }'
