#!/bin/bash
# Builds the Debian packages and tries them: lintian, a clean system, an upgrade, removal. Not part of tests/run.sh: it takes minutes.

usage() {
  cat <<'TEXT'
tests/package.sh [--keep DIRECTORY]

  Builds the packages from the files that git knows, as they are now; lintian must have no error and no warning. Installs them into a
  fresh Debian 12 that debootstrap makes, and there: runs debian/tests, installs a newer version over them, runs them again,
  purges them, and compares the files with those from before. As root; takes what is missing from Debian.

  --keep DIRECTORY   leaves the packages there
TEXT
}

set -eu -o pipefail
keep=
case "${1-}" in
  '') ;;
  --keep) keep=$(readlink -f "${2:?a directory}") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$root"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
unset CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS DESTDIR PYTHONPATH PYTHONHOME LD_LIBRARY_PATH LD_PRELOAD LIBCASCADE_PATH LIBCASCADE_DRIVERS
# from where apt takes Debian's packages here
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | head -n 1)}

say() {
  printf '%s\n' "== $*"
}

[ "$(id -u)" -eq 0 ] || { echo 'Not root: no clean system can be made.' >&2; exit 1; }
mapfile -t packages < <(sed -n '/^Build-Depends:/,/^[A-Z]/p' debian/control | tr ',' '\n' |
  sed -n 's/^\(Build-Depends:\)\? *\([a-z][a-z0-9.+-]*\).*/\2/p' | sed 's/^debhelper-compat$/debhelper/')
packages+=(build-essential dpkg-dev fakeroot lintian debootstrap git)
if ! dpkg-query -W "${packages[@]}" >/dev/null 2>&1; then
  apt-get update -q
  apt-get install -y -q --no-install-recommends --no-upgrade "${packages[@]}"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$(dpkg-parsechangelog -S Version)
project=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
[ "$version" = "$project" ] || { echo "debian/changelog has version $version, meson.build $project" >&2; exit 1; }

# build VERSION FOLDER
build() {
  local source=$scratch/source-$1/libcascade-$1
  mkdir -p "$source" "$2"
  git ls-files -z --cached --others --exclude-standard | tar --null -T - -c --ignore-failed-read | tar -x -C "$source"
  if [ "$1" != "$version" ]; then
    sed -i "1s/(.*)/($1)/" "$source/debian/changelog"
  fi
  (cd "$source" && dpkg-buildpackage -us -uc -b) >"$scratch/build-$1.log" 2>&1 || { tail -n 40 "$scratch/build-$1.log"; return 1; }
  mv "$source"/../*.deb "$source"/../*.changes "$source"/../*.buildinfo "$2"
}

say "build $version"
build "$version" "$scratch/now"
say 'lintian'
lintian --allow-root --fail-on error,warning "$scratch/now"/*.changes
if [ -n "$keep" ]; then mkdir -p "$keep" && cp "$scratch/now"/* "$keep"; fi
say 'a newer version, to upgrade to'
newer=$version+newer
cp -r "$scratch/now" "$scratch/newer"
rm -f "$scratch/newer"/*.changes "$scratch/newer"/*.buildinfo
for file in "$scratch/newer"/*.deb; do
  # The same files under a newer version: what an upgrade does to a system does not depend on what has changed in them.
  dpkg-deb -R "$file" "$scratch/open"
  sed -i "s/^Version: .*/Version: $newer/; s/(= $version)/(= $newer)/g; s/(>= $version)/(>= $newer)/g" "$scratch/open/DEBIAN/control"
  rm "$file"
  dpkg-deb --root-owner-group -b "$scratch/open" "${file/_$version/_$newer}" >/dev/null
  rm -rf "$scratch/open"
done

say "a clean Debian 12 from $mirror"
system=$scratch/system
debootstrap --variant=minbase bookworm "$system" "$mirror" >"$scratch/debootstrap.log" 2>&1 || { tail "$scratch/debootstrap.log"; exit 1; }
printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d"
chmod +x "$system/usr/sbin/policy-rc.d"
mapfile -t names < <(sed -n 's/^Package: //p' debian/control)
needs=$(sed -n 's/^Depends: //p' debian/tests/control | tr ',' '\n' | sed 's/ //g')
inside() {
  chroot "$system" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root "$@"
}
files() {
  (cd "$system" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var -o -path ./source -o -path ./packages -o -name __pycache__ \) -prune \
    -o -print | grep -v '^./etc/ld.so.cache$' | sort)
}
# install FOLDER
install_packages() {
  rm -rf "$system/packages"
  cp -r "$1" "$system/packages"
  inside sh -c 'apt-get install -y -q --no-install-recommends $(ls /packages/*.deb | grep -v dbgsym)' >"$scratch/install.log" 2>&1 ||
    { tail -n 40 "$scratch/install.log"; return 1; }
}
try() {
  local test
  for test in $(sed -n 's/^Tests: //p' debian/tests/control | tr ',' ' '); do
    inside "/source/debian/tests/$test"
  done
}

# What the packages and their tests need comes first, so that the comparison is about the packages alone.
inside apt-get update -q >/dev/null
# shellcheck disable=SC2046 # several words
inside apt-get install -y -q --no-install-recommends $(grep -vxF "$(printf '%s\n' "${names[@]}")" <<<"$needs") libdbi1 libjansson4 libsodium23 \
  libsqlite3-0 ruby ruby-ffi >"$scratch/needs.log" 2>&1 || { tail "$scratch/needs.log"; exit 1; }
mkdir "$system/source"
git ls-files -z --cached --others --exclude-standard debian tests/consumer | tar --null -T - -c | tar -x -C "$system/source"
files >"$scratch/before"

say 'install'
install_packages "$scratch/now"
try
say "upgrade to $newer"
install_packages "$scratch/newer"
inside dpkg-query -W "${names[@]}"
try
say 'purge'
inside apt-get purge -y -q "${names[@]}" >"$scratch/purge.log" 2>&1 || { tail "$scratch/purge.log"; exit 1; }
files >"$scratch/after"
diff "$scratch/before" "$scratch/after"
say 'all is well'
