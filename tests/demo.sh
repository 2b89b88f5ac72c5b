#!/usr/bin/env bash
# `make demo`: 24 cards of fictional people on software chips behind a real pcscd. Environment: CCCD, the program.
exec "${CCCD:-build/gcc/cccd}" demo --home build/demo "$@"
