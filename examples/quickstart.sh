#!/bin/bash
# A tour of libcascade: builds it, makes the database of a natural-history museum, explains it, checks it, purges some of
# it, and verifies what is left. Every command is printed before it runs, so that it can be repeated by hand.

set -u -o pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1
cd "$root" || exit 1

if [ $# -gt 0 ]; then
  echo "examples/quickstart.sh: a tour of libcascade, in about a minute. It takes no arguments. Everything that it makes is in build/."
  [ "$1" = --help ] || [ "$1" = -h ]
  exit
fi

say() {
  printf '\n'
  fmt -w 100 <<<"$*"
}

# Prints a command and runs it; 1 as the first argument says that it is expected to be refused.
run() {
  local expected=0 status
  [ "$1" = 1 ] && expected=1 && shift
  printf '\n$ %s\n' "$1"
  eval "$1"
  status=$?
  if [ $status -ne $expected ]; then
    [ -e build.log ] && cat build.log >&2
    echo "quickstart: the command above ended with $status instead of $expected" >&2
    exit 1
  fi
}

# package and why
packages=(
  gcc 'the compiler'
  libc6-dev 'headers of the C library'
  meson 'the build'
  ninja-build 'the build'
  pkg-config 'finds the libraries'
  libdbi-dev 'the dbi driver'
  libdbd-sqlite3 'the dbi driver on SQLite'
  libsqlite3-dev 'the native driver for SQLite'
  libjansson-dev 'JSON'
  libsodium-dev 'fingerprints of plans'
  uthash-dev 'maps'
  sqlite3 'the shell, for making and checking the database'
)

install_packages() {
  local missing=() i
  for ((i = 0; i < ${#packages[@]}; i += 2)); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "${packages[i]}" 2>/dev/null)" = installed ] && continue
    [ ${#missing[@]} -eq 0 ] && echo 'These Debian packages are missing:'
    printf '  %-16s %s\n' "${packages[i]}" "${packages[i + 1]}"
    missing+=("${packages[i]}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo 'Not root, so nothing was installed. Run this as root, then start the tour again:'
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  run 'apt-get update -qq'
  run "apt-get install -y -qq --no-install-recommends ${missing[*]} >/dev/null"
}

install_packages

say 'libcascade deletes rows of a database with everything that depends on them. This is a tour of it, on the database of' \
  'a natural-history museum. First, the build.'
run "cd $(printf %q "$root")"
if ! grep -qsF "\"source\": \"$root\"" build/meson-info/meson-info.json || ! [ -e build/build.ninja ]; then
  run 'rm -rf build && meson setup build -Dtests=false -Ddocs=disabled >build.log'
  mv build.log build/setup.log
fi
run 'ninja -C build --quiet'
run 'export LIBCASCADE_DRIVERS=$PWD/build/lib/driver/sqlite3 PATH=$PWD/build/examples/cli:$PATH'

say 'The museum: collection objects, their preparations, determinations and images; where they came from, who collected,' \
  'determined, borrowed and cited them.'
run 'rm -rf build/tour && mkdir build/tour && cd build/tour'
run 'sqlite3 museum.db <../../examples/museum.sql >/dev/null'

say 'How does it all hang together? Nothing has to be declared: the foreign keys are read from the database.'
run 'cascade graph sqlite:museum.db'

say 'An accession is what came into the museum at one time. It takes its objects with it, and they take theirs.'
run 'cascade graph sqlite:museum.db accession'

say 'Can Margaret Hale be deleted, agent 7? She has had a hand in every fifth thing. What refers to her, five rows of each' \
  'relation at a time, two pages:'
run 'cascade blockers sqlite:museum.db agent 7 --limit 5 --pages 2'

say 'The same, through libdbi instead of the native driver; both must answer alike.'
run 'cascade blockers "dbi:sqlite3?dbname=$PWD/museum.db" agent 7 --limit 5 --format specify >dbi.txt'
run 'cascade blockers sqlite:museum.db agent 7 --limit 5 --format specify | diff - dbi.txt && echo "no difference"'

say 'Accession 4 is old and small. What would it take with it? The last line identifies the plan: with it,' \
  "'cascade purge --plan' refuses to do anything else."
run 'cascade plan sqlite:museum.db accession 4'

say 'Accession 5 cannot go: some of it is on loan. That is found before anything is deleted.'
run 1 'cascade purge sqlite:museum.db accession 5 --yes'
run 1 'cascade blockers sqlite:museum.db accession 5 --probe'
run 'cascade blockers sqlite:museum.db accession 5 --transitive'

say 'Accession 40 is an import that went wrong: ten thousand objects. They are deleted in transactions of at most 1,000' \
  'rows, so that others can write in between. Ctrl-C would stop it after the last whole one.'
run "sqlite3 museum.db 'SELECT count(*) FROM collection_object WHERE accession_id = 40'"
run 'cascade purge sqlite:museum.db collection_object --where "accession_id = 40" --max-tx-rows 1000 --yes'

say 'And what is left? Nothing of the import, nothing that refers to it, and everything else.'
run "sqlite3 museum.db 'SELECT count(*) FROM collection_object WHERE accession_id = 40'"
run "sqlite3 museum.db 'SELECT count(*) FROM collection_object'"
run "sqlite3 museum.db 'PRAGMA foreign_key_check'"
run "sqlite3 museum.db 'PRAGMA integrity_check'"

say "That was the tour. To go on by hand, in a shell:"
build=$(printf %q "$root/build")
printf '\n  %s\n  %s\n' "export LIBCASCADE_DRIVERS=$build/lib/driver/sqlite3 PATH=$build/examples/cli:\$PATH" \
  "cd $build/tour && cascade --help"
say "examples/01_graph.c to examples/09_hooks.c show the same from C; lib/doc/pages/guide.md installs it, and goes on to purges" \
  "in production."
