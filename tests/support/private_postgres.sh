#!/usr/bin/env bash
# A PostgreSQL of a test's own: on a socket in a private folder, no network, stopped by its own process id.
#   private_postgres.sh with [--durable] COMMAND...   starts one, runs COMMAND with CCCD_TEST_POSTGRES (an address without a
#                                                     schema) in its environment, stops it; exit code of COMMAND, 77: no server
# Without --durable nothing is flushed to disk: right for tests of what it answers, wrong for measuring and for crashes.
set -u
[ "${1:-}" = with ] || { sed -n '2,5p' "$0" >&2; exit 2; }
shift
settings="fsync=off synchronous_commit=off full_page_writes=off"
if [ "${1:-}" = --durable ]; then
	settings="fsync=on synchronous_commit=on"
	shift
fi
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] && [ -x "$bin/initdb" ] || { echo "no PostgreSQL server is installed" >&2; exit 77; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/cccd-postgres-XXXXXX")
as=()
if [ "$(id -u)" = 0 ]; then
	# The server refuses to run as root. The package's own user serves; root reaches the socket anyway.
	id postgres >/dev/null 2>&1 || { rm -rf "$dir"; echo "no user postgres" >&2; exit 77; }
	chown postgres: "$dir"
	as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
server=
stop() {
	if [ -n "$server" ]; then
		kill -INT "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM
cd "$dir" || exit 1
"${as[@]}" "$bin/initdb" -D "$dir/data" -U cccd -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || {
	cat "$dir/initdb.log" >&2
	exit 77
}
options=()
for s in $settings; do options+=(-c "$s"); done
"${as[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=40 -c jit=off "${options[@]}" \
	>"$dir/server.log" 2>&1 &
server=$!
for _ in $(seq 200); do
	"$bin/pg_isready" -q -h "$dir" -U cccd && break
	kill -0 "$server" 2>/dev/null || { cat "$dir/server.log" >&2; exit 77; }
	sleep 0.05
done
cd "$OLDPWD" || exit 1
export CCCD_TEST_POSTGRES="host=$dir user=cccd dbname=postgres" CCCD_TEST_POSTGRES_PID=$server
"$@"
