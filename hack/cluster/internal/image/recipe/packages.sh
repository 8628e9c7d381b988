#!/bin/sh
# Unpacks some packages of Debian as they are, without installing them: programs that need no more than the C library.
#
# In:  MIRROR    address of the Debian mirror, the one that this machine's apt uses
#      SUITE     release to take them from
#      ROOT      empty folder that receives the files
#      PACKAGES  names of the packages
set -eu

apt=$ROOT/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR $SUITE main" >"$apt/sources.list"
get() {
	# A mirror that is a snapshot has an expired Release file; its signature is verified all the same.
	apt-get --quiet=2 -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::status=/dev/null \
		-o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" "$@"
}
get update
# shellcheck disable=SC2086 # a list of words
(cd "$apt" && get download $PACKAGES)
for package in "$apt"/*.deb; do
	dpkg-deb --extract "$package" "$ROOT"
done
rm -r "$apt"
