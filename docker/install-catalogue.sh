#!/bin/sh
# From the sources in this folder: install the pinned packages and the catalogue into DIR, a virtual environment.
# Its Python is looked for under the same path when it runs, so DIR is where it will stand in the image.
set -eu
target=${1:?name the folder to install into}
cd "$(dirname "$0")/.."
python3 -m venv "$target"
pip() { "$target/bin/python" -m pip -qq --disable-pip-version-check --no-input --no-cache-dir "$@"; }
pip install --require-hashes -r requirements/run.txt
wheels=$(mktemp -d)
pip wheel --no-deps --wheel-dir "$wheels" .  # the build hook brings ExifTool and the API pages
pip install --no-deps "$wheels"/*.whl
rm -rf "$wheels"
"$target/bin/catalogue" openapi | cmp - openapi/openapi.json  # what runs there is what was reviewed here
