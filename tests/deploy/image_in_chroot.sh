#!/usr/bin/env bash
# Does what the Dockerfile's second stage does, without docker: a bare Debian 12 in a folder, deploy/image/install.sh in it,
# the program, and then the program as its user with a root file system that can't be written. Needs root and debootstrap.
#
#   image_in_chroot.sh PROGRAM FOLDER
set -euo pipefail
program="$(realpath "$1")"
root="$(realpath -m "$2")/rootfs"
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
deploy="$here/../../deploy"

if [[ ! -f "$root/.complete" ]]; then
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase bookworm "$root" >"$root.log" 2>&1 || {
    tail -n 20 "$root.log"
    exit 1
  }
  mkdir -p "$root/tmp/image"
  cp "$deploy/image/install.sh" "$deploy/image/runtime_packages.txt" "$root/tmp/image/"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # The sources of this machine: a mirror may be the only way out.
  cp -r /etc/apt/sources.list /etc/apt/sources.list.d "$root/etc/apt/" 2>/dev/null || true
  rm -f "$root"/etc/apt/sources.list.d/{nodesource,docker,kubernetes,llvm,pgdg,mysql}*
  chroot "$root" env DEBIAN_FRONTEND=noninteractive /tmp/image/install.sh >"$root.log" 2>&1 || {
    tail -n 20 "$root.log"
    exit 1
  }
  rm -r "$root/tmp/image"
  touch "$root/.complete"
fi
install -m 0755 "$program" "$root/usr/local/bin/edugate"
strip --strip-debug "$root/usr/local/bin/edugate"
mkdir -p "$root/etc/edugate/config"
cp "$deploy/kubernetes/overlays/trial/edugate.yaml" "$root/etc/edugate/config/edugate.yaml"

echo "image: $(du -sm --exclude=.complete "$root" | cut -f1) MB, the program $(stat -c %s "$root/usr/local/bin/edugate") bytes"
# A mount namespace of its own, in which the root is read-only and /tmp is memory.
unshare --mount bash -euc '
  root="$1"
  mount --bind "$root" "$root"
  mount -o remount,bind,ro "$root"
  mount -t tmpfs -o size=64m tmpfs "$root/tmp"
  mount -t proc proc "$root/proc"
  as_user=(chroot --userspec=65532:65532 "$root")
  "${as_user[@]}" /usr/local/bin/edugate --version
  "${as_user[@]}" /usr/local/bin/edugate check --config /etc/edugate/config/edugate.yaml
  if "${as_user[@]}" touch /usr/x 2>/dev/null; then echo "the root can be written"; exit 1; fi
  "${as_user[@]}" /usr/local/bin/edugate sandbox --port 8090 >/dev/null 2>&1 &
  sandbox=$!
  "${as_user[@]}" /usr/local/bin/edugate serve --config /etc/edugate/config/edugate.yaml 2>"$root/tmp/log" &
  server=$!
  trap "kill $sandbox $server 2>/dev/null || true" EXIT
  for _ in $(seq 100); do
    if "${as_user[@]}" /usr/local/bin/edugate call EnrollmentService.GetEnrollment \
      "{\"name\":\"connections/tms/enrollments/10\"}" --target 127.0.0.1:7443 >"$root/tmp/reply" 2>/dev/null; then
      break
    fi
    sleep 0.1
  done
  grep -q ENROLLMENT_STATUS_ENROLLED "$root/tmp/reply" || { cat "$root/tmp/log"; exit 1; }
  kill -TERM $server
  wait $server
  echo "image: a call was answered, and SIGTERM ended it cleanly"
' _ "$root"
