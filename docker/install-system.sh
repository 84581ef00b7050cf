#!/bin/sh
# What the catalogue needs of Debian: Perl in full. On perl-base alone ExifTool picks wrong captions.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends perl ca-certificates > /dev/null
rm -rf /var/lib/apt/lists/*
perl -MDigest::MD5 -MEncode -MCompress::Zlib -e 1
