#!/bin/sh
# A user without rights for the catalogue, and the one folder it writes to.
set -eu
user=catalogue id=10001 folder=/var/lib/catalogue
groupadd --gid "$id" "$user"
useradd --uid "$id" --gid "$id" --home-dir "$folder" --no-create-home --shell /usr/sbin/nologin "$user"
install -d -m 0700 -o "$user" -g "$user" "$folder"
