#!/bin/sh
# The image's first stage: compiles edugate on Debian 12. Run in the source tree, as root; leaves build/edugate.
# `./dev build` installs the compiler and the libraries' headers itself.
set -eu
apt-get update
apt-get install -y --no-install-recommends bash binutils ca-certificates npm
./dev build edugate
strip --strip-debug build/edugate
