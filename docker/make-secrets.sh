#!/bin/sh
# Make the secrets that compose.yaml names in DIR, those that are missing; what is there stays.
# The folder is closed to others. The files in it are not: a container's user is another one than ours.
set -eu
target=${1:?name the folder for the secrets}
mkdir -p "$target"
chmod 0700 "$target"
for name in administrator owner api worker backup secret_key; do
  [ -s "$target/$name" ] && continue
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > "$target/$name.unfinished"
  chmod 0444 "$target/$name.unfinished"
  mv "$target/$name.unfinished" "$target/$name"
done
