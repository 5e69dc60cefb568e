#!/bin/bash
# Builds libcascade with gcc and clang and runs every test. Installs from Debian what is missing for that.
# The last line says how many tests and checks passed and failed; the exit status is 0 when none failed.

usage() {
  cat <<'TEXT'
tests/run.sh [--quick]

  Installs what is missing from Debian (as root; else it lists the packages and stops). Builds with gcc and with clang,
  warnings as errors, and with gcc's address and undefined-behaviour sanitizers. Runs all tests on the gcc build and, with
  fewer seeds, under the sanitizers; the unit tests on the clang build and under valgrind. Checks the reference pages, the layout
  of the code, an installation, and the use as a subproject. The tests use a private PostgreSQL and a private MariaDB, which tests/servers
  starts and stops.

  --quick   one compiler, no sanitizers, no valgrind, no PostgreSQL and MariaDB, no failures at every call, fewer seeds: a minute when the
            build is warm.

Builds are kept in build-test-*; logs are in build-test-logs.
TEXT
}

set -u -o pipefail
quick=
case "${1-}" in
  '') ;;
  --quick) quick=1 ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1
cd "$root" || exit 1

# Debian's own tools, and nothing that a user's environment adds to a build.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS DESTDIR PYTHONPATH PYTHONHOME LD_LIBRARY_PATH LD_PRELOAD
unset LIBCASCADE_PATH LIBCASCADE_DRIVERS CASCADE_QUICK
[ -n "$quick" ] && export CASCADE_QUICK=1

logs=build-test-logs
mkdir -p "$logs" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
servers=(tests/servers run)
[ -n "$quick" ] && servers=()

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# report TITLE PASSED FAILED SECONDS LOG: counts, and says so in one line. Failures show the end of their log.
report() {
  passed=$((passed + $2)) failed=$((failed + $3))
  if [ "$3" -eq 0 ]; then
    printf '%-46s ok%s (%s s)\n' "$1" "${6-}" "$4"
  else
    printf '%-46s FAILED%s (%s s); the end of %s:\n' "$1" "${6-}" "$4" "$5"
    tail -n 60 "$5" | sed 's/^/    /'
  fi
}

# check TITLE COMMAND...: one check.
check() {
  local title=$1 log start=$SECONDS status=0
  shift
  log=$logs/$(tr -cs 'a-z0-9\n' '-' <<<"${title,,}").log
  ("$@") >"$log" 2>&1 </dev/null || status=1
  report "$title" $((1 - status)) $status $((SECONDS - start)) "$log"
  return $status
}

# suite TITLE BUILD ARGUMENTS...: tests by meson, each counted, in servers of their own. One that was skipped has failed.
suite() {
  local title=$1 build=$2 log start=$SECONDS status=0 good bad
  shift 2
  log=$logs/$(tr -cs 'a-z0-9\n' '-' <<<"${title,,}").log
  "${servers[@]}" meson test -C "$build" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1 </dev/null || status=1
  read -r good bad < <(awk '
    /^Ok: / { good += $2 }
    /^Expected Fail: / { good += $3 }
    /^(Fail|Skipped|Timeout): / { bad += $2 }
    /^Unexpected Pass: / { bad += $3 }
    END { print good + 0, bad + 0 }' "$log")
  if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ "$good" -eq 0 ]; }; then bad=1; fi
  report "$title" "$good" "$bad" $((SECONDS - start)) "$log" ", $good of $((good + bad))"
}

# package and why; installed when one of them is missing
packages=(
  gcc 'the first compiler'
  g++ 'the headers are C++ too'
  clang 'the second compiler'
  clang-format 'the layout of the code'
  libc6-dev 'headers of the C library'
  meson 'the build'
  ninja-build 'the build'
  pkg-config 'finds libraries'
  python3 'scripts of the tests'
  locales 'a host whose numbers have a comma'
  python3-jsonschema 'the JSON against its schemas'
  python3-pytest 'tests of the Python package'
  python3-django 'the package under Django'
  python3-mysqldb 'Django on MariaDB'
  python3-selenium 'pages in a browser'
  chromium 'that browser'
  chromium-driver 'steers the browser'
  python3-numpy 'keys of the Python package without copying'
  python3-mypy 'types of the Python package'
  python3-setuptools 'the wheel of the Python package'
  python3-wheel 'the wheel of the Python package'
  python3-pip 'the wheel of the Python package'
  python3-venv 'the wheel of the Python package'
  libdbi-dev 'the dbi driver'
  libdbd-sqlite3 'the dbi driver on SQLite'
  libsqlite3-dev 'the native driver for SQLite'
  libjansson-dev 'JSON'
  libsodium-dev 'fingerprints'
  uthash-dev 'maps'
  libcmocka-dev 'unit tests'
  postgresql 'a server for the tests'
  libpq-dev 'the native driver for PostgreSQL'
  libdbd-pgsql 'the dbi driver on PostgreSQL'
  python3-psycopg2 'scripts of the tests on PostgreSQL'
  mariadb-server 'a server for the tests'
  libmariadb-dev 'the native driver for MariaDB'
  libdbd-mysql 'the dbi driver on MariaDB'
  python3-pymysql 'scripts of the tests on MariaDB'
  ruby 'the gem'
  ruby-ffi 'the gem'
  ruby-activerecord 'the gem in ActiveRecord'
  ruby-activejob 'the gem in ActiveRecord'
  ruby-minitest 'tests of the gem'
  ruby-sqlite3 'tests of the gem on SQLite'
  ruby-pg 'tests of the gem on PostgreSQL'
  ruby-mysql2 'tests of the gem on MariaDB'
  valgrind 'memory errors'
  libc6-dbg 'valgrind needs it'
  abigail-tools 'the binary interface'
  cmake 'programs that use the library by CMake'
  doxygen 'reference pages'
  mandoc 'the manual pages'
  graphviz 'pictures'
  bash-completion 'what bash offers'
  zsh 'what zsh offers'
)

install_packages() {
  local missing=() i
  for ((i = 0; i < ${#packages[@]}; i += 2)); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "${packages[i]}" 2>/dev/null)" = installed ] && continue
    [ ${#missing[@]} -eq 0 ] && echo "Missing Debian packages:"
    printf '  %-16s %s\n' "${packages[i]}" "${packages[i + 1]}"
    missing+=("${packages[i]}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "Not root, so nothing was installed. Run this as root, then start again:"
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    failed=1
    finish
  fi
  export DEBIAN_FRONTEND=noninteractive
  check 'apt-get update' apt-get update -q || finish
  check 'apt-get install' apt-get install -y -q --no-install-recommends "${missing[@]}" || finish
  passed=0 # these two are not tests
}

# build NAME COMPILER OPTIONS...
build() {
  local folder=build-test-$1 compiler=$2
  shift 2
  if ! grep -qsF "\"source\": \"$root\"" "$folder/meson-info/meson-info.json" || ! [ -e "$folder/build.ninja" ]; then
    rm -rf "$folder" # made by another checkout, or half made
    CC=$compiler CXX=${compiler/%gcc/g}++ meson setup "$folder" "$@" || return
  fi
  ninja -C "$folder"
}

make_database() {
  /usr/bin/python3 - "$1" <<'CODE'
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE agent (id INTEGER PRIMARY KEY)")
connection.execute("CREATE TABLE loan (id INTEGER PRIMARY KEY, borrower_id REFERENCES agent)")
CODE
}

# runs DATABASE PROGRAM...: with each driver; the program must see both tables.
runs() {
  local database=$1 uri said
  shift
  for uri in "sqlite:$database" "dbi:sqlite3?dbname=$database"; do
    said=$("$@" "$uri") || return
    echo "$*, $uri: $said"
    [ "$said" = 'sqlite: 2 tables, 1 relations' ] || return
  done
}

# Installs, and builds the consumer with what is installed there: by pkg-config, by CMake, by Meson. Then nothing is left behind.
installation() {
  local to=$scratch/installed work=$scratch/work library flags
  mkdir "$work" && make_database "$scratch/museum.db" &&
    DESTDIR=$to meson install -C build-test-gcc --no-rebuild --quiet &&
    find "$to" -type f -o -type l &&
    library=$(dirname "$(dirname "$(find "$to" -name libcascade.pc)")") || return
  export LD_LIBRARY_PATH=$library LIBCASCADE_DRIVERS=$library/libcascade PKG_CONFIG_PATH=$library/pkgconfig
  flags=$(pkg-config --define-variable=prefix="$to/usr/local" --cflags --libs libcascade) || return
  # shellcheck disable=SC2086 # several words
  gcc -std=c17 -Wall -Wextra -Werror tests/consumer/main.c -o "$work/consumer" $flags &&
    g++ -std=c++17 -Wall -Wextra -Werror tests/consumer/main.cpp -o "$work/consumer-cpp" $flags &&
    runs "$scratch/museum.db" "$work/consumer" && runs "$scratch/museum.db" "$work/consumer-cpp" || return

  cmake -S tests/consumer -B "$work/cmake" -DCMAKE_PREFIX_PATH="$to/usr/local" -DWANTED=0.1 && cmake --build "$work/cmake" &&
    runs "$scratch/museum.db" "$work/cmake/consumer" && runs "$scratch/museum.db" "$work/cmake/consumer-cpp" || return
  if cmake -S tests/consumer -B "$work/newer" -DCMAKE_PREFIX_PATH="$to/usr/local" -DWANTED=99; then
    echo 'CMake took a version that is too old'
    return 1
  fi

  sed -i "s|^prefix=.*|prefix=$to/usr/local|" "$library/pkgconfig/libcascade.pc" && cp -r tests/consumer "$work/meson" &&
    meson setup "$work/meson/build" "$work/meson" --wrap-mode=nofallback && ninja -C "$work/meson/build" &&
    runs "$scratch/museum.db" "$work/meson/build/consumer" && runs "$scratch/museum.db" "$work/meson/build/consumer-cpp" || return

  ninja -C build-test-gcc uninstall && [ ! -e "$to" ]
}

subproject() {
  local project=$scratch/consumer
  make_database "$scratch/consumer.db" &&
    cp -r tests/consumer "$project" && mkdir "$project/subprojects" &&
    ln -s "$root" "$project/subprojects/libcascade" &&
    meson setup "$project/build" "$project" --wrap-mode=forcefallback &&
    ninja -C "$project/build" &&
    runs "$scratch/consumer.db" meson devenv -C "$project/build" ./consumer &&
    runs "$scratch/consumer.db" meson devenv -C "$project/build" ./consumer-cpp
}

# The Python package as a wheel, made and installed without network into an environment of its own, with the library that is
# installed.
wheel() {
  local to=$scratch/wheel library
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INDEX=1 HOME=$scratch
  rm -rf "$to" && mkdir -p "$to" && cp -r bindings/python "$to/source" && make_database "$to/museum.db" &&
    /usr/bin/python3 -m pip wheel --no-build-isolation --no-deps --quiet --wheel-dir "$to" "$to/source" &&
    /usr/bin/python3 -m venv "$to/clean" &&
    "$to/clean/bin/pip" install --quiet "$to"/libcascade-*-py3-none-any.whl || return
  DESTDIR=$to/installed meson install -C build-test-gcc --no-rebuild --quiet || return
  library=$(dirname "$(find "$to/installed" -name libcascade.so.0)") || return
  cd "$to" && LD_LIBRARY_PATH=$library LIBCASCADE_DRIVERS=$library/libcascade clean/bin/python -c '
import importlib.metadata, libcascade, pathlib, sqlite3
package = pathlib.Path(libcascade.__file__).parent
assert "clean" in package.parts and (package / "py.typed").exists(), package
assert importlib.metadata.version("libcascade") == libcascade.__version__
for db in (libcascade.connect("sqlite:museum.db"), libcascade.Connection.over(sqlite3.connect("museum.db"))):
    assert [table.name for table in db.graph().tables] == ["agent", "loan"]
print(libcascade.__version__, "works from", package)'
}

reference() {
  ninja -C build-test-gcc docs && /usr/bin/python3 tests/doc/links.py build-test-gcc/lib/doc/html || return
  [ -n "$quick" ] || /usr/bin/python3 tests/doc/views.py build-test-gcc/lib/doc/html
}

formatted() {
  find lib include examples tests -name '*.[ch]' -not -path 'tests/abi/frozen/*' -print0 | xargs -0 clang-format --dry-run -Werror
}

commands() {
  bash -n examples/quickstart.sh && bash -n tests/run.sh && bash -n .ci/run && tests/servers --help &&
    [ -x examples/quickstart.sh ] && [ -x tests/run.sh ] && [ -x .ci/run ] &&
    grep -q '^    examples/quickstart.sh ' README.md && grep -q '^    tests/run.sh ' README.md
}

install_packages

if check 'build with gcc' build gcc gcc --werror; then
  if [ -n "$quick" ]; then suite 'tests without servers, gcc' build-test-gcc --no-suite servers --no-suite faults --no-suite selfcheck
  else suite 'all tests, gcc' build-test-gcc; fi
  check 'reference pages' reference
  check 'installation, and its use' installation
  check 'Python wheel' wheel
  [ -n "$quick" ] || suite 'unit tests, valgrind' build-test-gcc --setup valgrind --suite unit
fi
check 'the two commands' commands
check 'layout of the code' formatted

if [ -z "$quick" ]; then
  if check 'build with clang' build clang clang --werror; then
    suite 'unit tests, clang' build-test-clang --suite unit
  fi
  # Without --werror: what the sanitizers put into the code makes gcc warn of what is not there.
  if check 'build with sanitizers' build asan gcc -Db_sanitize=address,undefined; then
    # Whole stacks, slow as they are: only they tell a leak of libdbd-sqlite3 from one of ours.
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:fast_unwind_on_malloc=0
    export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    # Not the guards, which read files, nor the tests that measure memory or time, nor those in which processes are killed.
    CASCADE_QUICK=1 suite 'tests, sanitizers' build-test-asan --no-suite guards --no-suite memory --no-suite bench \
      --no-suite crash --timeout-multiplier 4
    unset ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS
  fi
  check 'as a subproject' subproject
fi
finish
