# Sourced by tests of the command line, from the repository's root: TAP, and key files that cost little.
n=0 bad=0
out=${out:-/dev/null} # the last command's output, shown when a case fails
last=$out.last
cheap_keys_tool=$(realpath -m "${BUILD:-build/gcc}/tests/cheap_keys")
tap() { # exit code of the case, name
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		sed 's/^/# /' "$out" | tail -n 40
		bad=1
	fi
}
is() { # name, got, want
	n=$((n + 1))
	if [ "$2" = "$3" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1: got '$2', want '$3'"
		bad=1
	fi
}
run() { # exit code wanted, name, pattern in the output (or empty), command...
	local code=$1 name=$2 pattern=$3 rc
	shift 3
	"$@" >"$out" 2>&1 </dev/null
	rc=$?
	[ $rc = "$code" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$out"; }
	tap $? "$name (exit $rc)"
}
ok() { # name, command
	local name=$1
	shift
	"$@" >"$out" 2>&1
	tap $? "$name"
}
exits() { # exit code wanted, command; what it says stays in $last for json
	local want=$1
	shift
	"$@" >"$last" 2>&1
	local rc=$?
	[ $rc -eq "$want" ] || { cat "$last"; echo "exit $rc, expected $want"; false; }
}
json() { # expression over v, what the command before said
	node -e 'const v = JSON.parse(require("fs").readFileSync(process.argv[1])); if (!(eval(process.argv[2]))) { console.log(JSON.stringify(v)); process.exit(1) }' "$last" "$1"
}
# A station's key file whose password costs the least that the program takes; `pki init` goes on from it. Where the tool wasn't
# built all works as well, and takes longer. Stations of the default cost: pki_test.sh, demo_test.sh.
cheap_keys() { # home, password file
	[ ! -x "$cheap_keys_tool" ] || "$cheap_keys_tool" "$1" "$2"
}
