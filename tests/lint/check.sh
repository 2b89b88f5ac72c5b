#!/usr/bin/env bash
# Rules about the tree that a compiler doesn't check. Prints each offence as file:line: rule, exits 1 when there is one.
#   check.sh              the tree this script stands in
#   check.sh --root DIR   another tree
#   check.sh --rule NAME  one rule alone: the word that stands before the colon in what it prints
#   check.sh --self-test  TAP: the tree obeys, and each rule catches a planted offence
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
root=$here rule= self_test=
while [ $# -gt 0 ]; do
	case $1 in
	--root) root=$2 && shift 2 ;;
	--rule) rule=$2 && shift 2 ;;
	--self-test) self_test=1 && shift ;;
	*) echo "check.sh: no such option: $1" >&2 && exit 2 ;;
	esac
done

list() { (cd "$root" && find crypto card biometrics station tests -name "$1" -type f 2>/dev/null | grep -v node_modules | sort); }
sources() { list '*.[ch]'; }

# ---- the arrows: each room and the rooms it may include
arrows() {
	cat <<'A'
base base
crypto base crypto
biometrics base biometrics
softchip base crypto softchip
card base crypto card
lab base crypto card softchip station lab
station base crypto biometrics card station lab
tests base crypto biometrics card softchip station lab tests
A
}

check_arrows() {
	(cd "$root" && sources | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' /dev/null) | awk '
		# Which room a path is in; the more special name wins.
		function room(path) {
			if (path ~ /^\.\.?\//) return "outside"
			if (path ~ /^crypto\/base\//) return "base"
			if (path ~ /^card\/softchip\//) return "softchip"
			if (path ~ /^station\/lab\//) return "lab"
			if (match(path, /^(crypto|biometrics|card|station|tests)\//)) return substr(path, 1, RLENGTH - 1)
			return "outside"
		}
		NR == FNR {for (i = 2; i <= NF; i++) may[$1, $i] = 1; next}
		{
			split($0, part, ":")
			split($0, quoted, "\"")
			from = room(part[1])
			to = room(quoted[2])
			# A generated header (build/gen) is named without a folder.
			if (to == "outside" && quoted[2] ~ /^gen_/) next
			if (!((from, to) in may)) printf "%s:%s: arrow: %s may not include %s (%s)\n", part[1], part[2], from, quoted[2], to
		}' <(arrows) -
}

# ---- one library, one door: header pattern -> files that may include it
doors() {
	cat <<'D'
openssl/ ^crypto/
winscard|pcsclite|wintypes|reader\.h> ^card/reader_pcsc\.c$
sqlite3\.h ^station/store/store_sqlite\.c$
libpq-fe\.h ^station/store/store_pg(_connect)?\.c$
turbojpeg\.h|jpeglib\.h ^biometrics/jpeg\.c$
png\.h ^biometrics/png\.c$
openjpeg ^biometrics/jp2\.c$
seccomp\.h ^station/image_worker_process\.c$
cbor\.h ^crypto/cbor/
p11-kit ^crypto/pkcs11_
microhttpd ^station/desk/http
curl/ ^station/registry/outbox_http\.c$
utf8proc ^station/registry/letter\.c$
argon2 ^crypto/password\.c$
cmocka ^tests/
D
}

check_doors() {
	while read -r header allowed; do
		(cd "$root" && sources | xargs grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]+<($header)" /dev/null) |
			while IFS=: read -r file line text; do
				# Tests hold our output against the library itself.
				case $file in tests/*) continue ;; esac
				echo "$file" | grep -qE "$allowed" || echo "$file:$line: door: ${text#*include } belongs behind $allowed"
			done
	done < <(doors)
}

check_headers() {
	local cflags
	cflags="-std=c17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror $(pkg-config --cflags libcrypto libpcsclite sqlite3 p11-kit-1 2>/dev/null)"
	# shellcheck disable=SC2016 # the inner shell's variables
	(cd "$root" && list '*.h' | CFLAGS=$cflags xargs -r -n 8 -P "$(nproc)" sh -c 'for h; do
		printf "#include \"%s\"\n#include \"%s\"\nextern int self_contained;\n" "$h" "$h" |
			${CC:-gcc} $CFLAGS -fsyntax-only -x c - 2>/dev/null || echo "$h:1: header: does not compile alone, or not twice"
	done' sh)
}

check_names() {
	(cd "$root" && find crypto card biometrics station tests -type f 2>/dev/null | grep -v node_modules |
		grep -E '(^|/)(util|utils|helper|helpers|misc|common)([._-][^/]*)?$' | sed 's/$/:1: name: says nothing about what is inside/')
	# What a user lets lie beside the project (a log) is not of it: in a checkout only tracked files count.
	(cd "$root" && { [ -e .git ] && git ls-files | cut -d/ -f1 | sort -u || ls; } | grep -v '^\.' | while read -r f; do
		case $f in
		station | card | crypto | biometrics | tests | Makefile | LICENSE | README.md | build) ;;
		*) echo "$f:1: name: does not belong at the top level" ;;
		esac
	done)
}

check_text() {
	(cd "$root" && sources | xargs -r awk 'FNR == 1 && !/SPDX-License-Identifier: Apache-2.0/ {print FILENAME ":1: text: no SPDX licence line"}')
	(cd "$root" && { sources; list '*.sh'; list '*.md'; list '*.mjs'; } | grep -v '^tests/lint/' |
		xargs grep -nE '\b(TODO|FIXME|XXX)\b' /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: text: unfinished work/')
	(cd "$root" && { sources; list '*.sh'; list '*.md'; list '*.mjs'; list '*.json'; } | grep -v '^tests/lint/' |
		xargs grep -nE '(^|[^A-Za-z0-9_.])/(work|root|home/[a-z])/|https?://(deb|registry)\.' /dev/null |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: text: a path of one machine, or the host of a package registry/')
}

# ---- every key that code hands to cc_fail has its sentences for officers
check_messages() {
	local known
	known=$(cd "$root" && cat station/message*.c 2>/dev/null | grep -oE '\{[[:space:]]*"[a-z0-9]+[a-z0-9.-]*"' | grep -oE '"[^"]*"' | sort -u)
	# Calls may span lines: join a file's lines, then take the first string literal that follows a status code.
	(cd "$root" && list '*.c' | grep -vE '^(tests/|card/softchip/)' | while read -r f; do
		grep -q cc_fail "$f" && tr '\n' ' ' <"$f" | grep -oE 'cc_fail\([^;"]*CC_E_[A-Z_]+,[^;"]*"[a-z0-9.-]+"' |
			sed -E "s|.*(\"[^\"]*\")\$|$f \1|"
	done) | sort -u | awk 'NR == FNR {known[$0] = 1; next} !($2 in known) {print $1 ":1: message: no sentences for key " $2}' <(printf '%s\n' "$known") -
}

# ---- one word for one thing: Circular 06/2021/TT-BCA writes "chíp" (names of settings, files and protocols keep theirs)
check_words() {
	(cd "$root" && sources | grep -v '^tests/' |
		LC_ALL=C xargs grep -nP '"(?=[^"]*(\xC3[^\x97]|[\xC4\xC6\xE1]))([^"]*[^A-Za-z".])?(chip|CHIP|Chip)(?![-.A-Za-z]| Auth)[^"]*"' /dev/null |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: word: Vietnamese text says chíp/')
}

# ---- every evidence of an inspection, lint or verify-evidence has its Vietnamese
check_phrases() {
	local known
	known=$(cd "$root" && sed -nE 's/^[[:space:]]*\{ ("([^"\\]|\\.)*"),.*/\1/p' card/inspect/phrase_*.c 2>/dev/null | sort -u)
	(cd "$root" && list '*.c' | grep -E '^(card/inspect|station)/' | grep -v '/phrase' | while read -r f; do
		# A call with all its string literals; those of several words are sentences.
		tr '\n\t' '  ' <"$f" | grep -oP '\b(inspect_add|inspect_add_dg|inspect_check_say|lint_add|will_add|add)\((j|c|check|run|r->run)\b([^;"]|"([^"\\]|\\.)*")*;' |
			grep -oP '"([^"\\]|\\.)*"' | grep -E '[A-Za-z]{2}.* |%.*[A-Za-z]{3}| [A-Za-z]{2}' | grep -vE '^"(SELECT |PACE: |DG15: |%s \(%s\))' | sort -u |
			while read -r text; do
				grep -qxF -- "$text" <<<"$known" || echo "$f:1: phrase: no Vietnamese for $text"
			done
	done)
}

# ---- long functions hide mistakes: 70 lines are the limit (style: median 12, few over 40)
check_lengths() {
	(cd "$root" && list '*.c' | grep -v '^tests/' | while read -r f; do
		awk -v f="$f" '/^[a-zA-Z_].*\)$/ || /^[a-zA-Z_].*,$/ {head=$0} /^\{$/ {start=NR} /^\}/ {if (start && NR-start>71) printf "%s:%d: length: function of %d lines\n", f, start, NR-start-1; start=0}' "$f"
	done)
}

# ---- every signature is verified before use: who may ask for one that isn't, because he verifies what he makes of it
unverified() {
	cat <<'U'
keystore_sign_unverified ^crypto/(keystore\.[ch]|cms_sign\.c)$
cms_sign_unverified|cms_unverified ^(crypto/cms(_sign)?\.[ch]|card/lds/sod\.c)$
U
}

check_unverified() {
	while read -r name allowed; do
		(cd "$root" && sources | grep -v '^tests/' | xargs grep -nE "\b($name)\b" /dev/null) |
			while IFS=: read -r file line text; do
				echo "$file" | grep -qE "$allowed" || echo "$file:$line: unverified: a signature that nobody verified belongs to $allowed"
			done
	done < <(unverified)
}

# ---- private keys are wiped before a fork by handlers that these calls pass by (crypto/keystore_kept.h)
check_forks() {
	(cd "$root" && sources | xargs grep -nE '\b(_Fork|vfork|clone3?)[[:space:]]*\(|\b(SYS|__NR)_(v?fork|clone3?)\b' /dev/null) |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: fork: a copy of the process that skips the handlers/'
}

# ---- parsers of outside bytes, by their names: each is called by a fuzz target, or tests/fuzz/reached says which target gets to it
check_fuzz() {
	(cd "$root" || exit
		named=$(cat tests/fuzz/*_fuzz.c 2>/dev/null | grep -oE '[a-z0-9_]+' | sort -u)
		reached=$(while read -r name target; do [ -e "tests/fuzz/${target}_fuzz.c" ] && echo "$name"; done 2>/dev/null <tests/fuzz/reached)
		list '*.h' | grep -v '^tests/' | xargs grep -noE '\b[a-z0-9_]+_(parse|read|decode|unpack|load|take|scan|probe)\(struct bytes' /dev/null |
			sed 's/(struct bytes$//' | while IFS=: read -r file line name; do
			printf '%s\n' "$named" "$reached" | grep -qx "$name" || echo "$file:$line: fuzz: $name has no target in tests/fuzz"
		done)
}

# Names of the rules, as they stand in what is printed.
rules='arrow door header name text message word phrase length unverified fork fuzz'
check() { # rule
	case $1 in
	arrow) check_arrows ;;
	door) check_doors ;;
	header) check_headers ;;
	name) check_names ;;
	text) check_text ;;
	message) check_messages ;;
	word) check_words ;;
	phrase) check_phrases ;;
	length) check_lengths ;;
	unverified) check_unverified ;;
	fork) check_forks ;;
	fuzz) check_fuzz ;;
	*) echo "check.sh: no such rule: $1" >&2 && exit 2 ;;
	esac
}
check_all() { for r in $rules; do check "$r"; done; }

if [ -z "$self_test" ]; then
	offences=$(if [ -n "$rule" ]; then check "$rule"; else check_all; fi) || exit
	[ -z "$offences" ] && exit 0
	printf '%s\n' "$offences"
	exit 1
fi

# ---- self-test: a copy of the tree with one offence planted at a time
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
n=0
tap() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
offences=$(check_all)
[ -z "$offences" ]
tap $? "the tree obeys every rule"
[ -z "$offences" ] || printf '%s\n' "$offences" | sed 's/^/# /'

plant() { # rule file text
	rm -rf "$copy/tree"
	mkdir -p "$copy/tree"
	(cd "$here" && tar cf - --exclude=node_modules Makefile crypto/base station/message*.c station/message.h station/config.h station/store/store.h crypto/*.h card/*.h card/inspect/phrase*.c) | tar xf - -C "$copy/tree"
	mkdir -p "$(dirname "$copy/tree/$2")"
	printf '%b' "$3" >>"$copy/tree/$2"
	"$here/tests/lint/check.sh" --root "$copy/tree" --rule "$1" | grep -qE "^$2:[0-9]+: $1:"
	tap $? "$1: caught in $2"
}
spdx='/* SPDX-License-Identifier: Apache-2.0 */\n'
plant arrow crypto/base/planted.c "$spdx#include \"crypto/ec.h\"\n"
plant arrow card/planted.c "$spdx#include \"station/config.h\"\n"
plant arrow card/softchip/planted.c "$spdx#include \"card/apdu.h\"\n"
plant arrow biometrics/planted.c "$spdx#include \"card/apdu.h\"\n"
plant arrow card/planted.c "$spdx#include \"card/softchip/softchip.h\"\n"
plant door card/planted.c "$spdx#include <openssl/evp.h>\n"
plant door station/planted.c "$spdx#include <sqlite3.h>\n"
plant header card/planted.h "${spdx}size_t planted(void);\n"
plant name crypto/utils.c "$spdx"
plant name common.mk "planted\n"
plant text card/planted.c "int planted;\n"
plant text card/planted.c "$spdx/* TO""DO */\n"
plant message card/planted.c "${spdx}int f(void)\n{\n\treturn cc_fail(e, CC_E_IO,\n\t\t\"planted.key\", \"x\");\n}\n"
plant phrase card/inspect/planted.c "${spdx}void f(struct inspect_run *run)\n{\n\tinspect_add(run, INSPECT_FAILED, \"x\",\n\t\t\"a planted sentence\");\n}\n"
plant word card/planted.c "${spdx}const char *w = \"Thẻ có chip\";\n"
plant length card/planted.c "${spdx}int f(void)\n{\n$(printf '\\n%.0s' {1..75})}\n"
plant unverified card/planted.c "${spdx}int f(void)\n{\n\treturn keystore_sign_unverified(k, l, a, m, s).code;\n}\n"
plant unverified crypto/planted.c "${spdx}int f(void)\n{\n\tstruct cms_unverified out;\n}\n"
plant unverified station/planted.c "${spdx}int f(void)\n{\n\treturn cms_sign_unverified(p, o, e).code;\n}\n"
plant fork station/planted.c "${spdx}int f(void)\n{\n\treturn vfork();\n}\n"
plant fuzz card/planted.h "${spdx}CC_MUST cc_status planted_parse(struct bytes in, int *ret);\n"
