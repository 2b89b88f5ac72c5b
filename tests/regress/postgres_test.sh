#!/usr/bin/env bash
# The store's suite on PostgreSQL: each program that stands on a store runs on a private server and must give the verdicts
# that it gives on SQLite; then the command line issues a card with --store, and the server's files hold nothing personal.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build/gcc}
CCCD=${CCCD:-$here/$BUILD/cccd}
cd "$here" || exit 1
if [ -z "${CCCD_TEST_POSTGRES:-}" ]; then
	tests/support/private_postgres.sh with "$0"
	rc=$?
	[ $rc = 77 ] && echo "ok 1 - the suite on PostgreSQL # SKIP no PostgreSQL server can be started here" && exit 0
	exit $rc
fi

. tests/support/command.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CMOCKA_MESSAGE_OUTPUT=TAP

verdicts() { grep -aE '^[[:space:]]*(not )?ok ' "$1" | sed -E 's/^[[:space:]]*//; s/^((not )?ok) [0-9]+( -)?/\1/' | grep -v SKIP; }
total=0
for t in unit/store_test unit/import_test unit/import_tasks_test unit/journal_test unit/stock_test unit/issue_test unit/issue_lying_test unit/issue_signer_test unit/issue_meanwhile_test unit/issue_child_test unit/pki_signer_test \
	unit/queue_test unit/registry_rotate_test unit/registry_postings_test unit/gate_test unit/same_person_test unit/photo_change_test regress/sample_test regress/hostile_rows_test unit/exchange_test unit/exchange_cards_test unit/outbox_test unit/outbox_events_test unit/correction_test unit/revocation_test unit/forms_test unit/reconcile_test unit/export_test \
	regress/issue_crash_test regress/import_crash_test regress/postgres_race_test regress/revocation_race_test; do
	[ -x "$BUILD/tests/$t" ] || continue
	log=$work/$(basename "$t")
	"$BUILD/tests/$t" >"$log" 2>&1
	rc=$?
	good=$(verdicts "$log" | grep -c '^ok')
	total=$((total + good))
	grep -aE '^# (figure|count):.*(race|winner|claims)' "$log"
	[ $rc = 0 ] && [ "$good" -gt 0 ]
	tap $? "$t on PostgreSQL: $good cases"
	[ $rc = 0 ] || sed 's/^/# /' "$log" | tail -n 40
done
echo "# count: $total cases of the store's suite passed on PostgreSQL"

# ---- the command line
home=$work/home
export CCCD_HOME=$home CCCD_PASSWORD_FILE=$work/password CCCD_LANG=en
(umask 077 && echo "a test's password" >"$CCCD_PASSWORD_FILE")
psql -q "$CCCD_TEST_POSTGRES" -c 'CREATE DATABASE station' >"$work/out" 2>&1
CCCD_STORE=${CCCD_TEST_POSTGRES/dbname=postgres/dbname=station}
export CCCD_STORE
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
"$CCCD" pki init >"$work/out" 2>&1 && "$CCCD" registry import tests/data/people/people.jsonl >"$work/out" 2>&1
tap $? "registry import into PostgreSQL"
[ ! -e "$home/station.db" ]
tap $? "no file of SQLite is made"
number=066302000000
"$CCCD" registry show $number >"$work/shown" 2>&1 && grep -q "Niê" "$work/shown"
tap $? "registry show reads it back"
if command -v pcscd >/dev/null; then
	"$CCCD" lab run --chips 1 -- "$CCCD" card issue $number >"$work/out" 2>&1
	tap $? "a card is issued from PostgreSQL"
	[ "$bad" = 0 ] || sed 's/^/# /' "$work/out"
fi
"$CCCD" --store "postgres://cccd:secret@/station?host=$work" registry find Nguyễn >"$work/out" 2>&1
[ $? -ne 0 ] && grep -q "password" "$work/out" && ! grep -q secret "$work/out"
tap $? "an address with a password is refused and not repeated"
psql -qtA "$CCCD_STORE" -c CHECKPOINT >/dev/null 2>&1
data=$(psql -qtA "$CCCD_STORE" -c 'SHOW data_directory')
leaks=0
# An officer's name stands readable beside what they decided; people do not.
for needle in 066302000000 "Niê" "Ea Mar" "Nguyễn Thị Thùy Dương" "NGUYEN THI THUY" "Tin lành"; do
	grep -raqF -- "$needle" "$data/base" "$data/pg_wal" && leaks=1 && echo "# found: $needle"
done
[ $leaks = 0 ] && grep -raqF issue_journal "$data/base"
tap $? "the server's files and its log of changes hold no name, number or place"
echo "1..$n"
exit $bad
