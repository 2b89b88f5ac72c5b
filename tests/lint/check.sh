#!/usr/bin/env bash
echo "ok 1 - not written yet # SKIP"
