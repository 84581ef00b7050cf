#!/bin/sh
# What building needs and running does not: pdqhash comes as source. In the first stage of the image only.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends g++ > /dev/null
rm -rf /var/lib/apt/lists/*
