#!/bin/sh
# The image's second stage: the libraries that edugate needs at run time, and the user that it runs as. Run on a bare
# Debian 12, as root; runtime_packages.txt lies beside it.
set -eu
here="$(dirname "$0")"
apt-get update
# shellcheck disable=SC2046  # a list of words
apt-get install -y --no-install-recommends $(cat "$here/runtime_packages.txt")
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
groupadd --gid 65532 edugate
useradd --uid 65532 --gid 65532 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin edugate
