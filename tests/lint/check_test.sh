#!/usr/bin/env bash
# `make check` as a test: the tree obeys it, and each rule catches a planted offence.
exec "$(dirname "$0")/check.sh" --self-test
