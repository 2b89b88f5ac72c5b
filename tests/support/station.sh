# Sourced by tests of the command line: a folder of the test's own ($work), and the environment of a station in $work/home that
# speaks English under a random password; $cccd is the program, $out what the last command said.
cccd=$(realpath "${CCCD:-${BUILD:-build/gcc}/cccd}")
people=tests/data/people
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD=$cccd CCCD_HOME=$work/home CCCD_LANG=en CCCD_PASSWORD_FILE=$work/password WORK=$work
unset CCCD_READER CCCD_STORE
(umask 077 && head -c 24 /dev/urandom | base64 >"$work/password")
out=$work/out
. tests/support/command.sh
number() { # of the n-th of the test's people
	grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}' | sed -n "$1p"
}
