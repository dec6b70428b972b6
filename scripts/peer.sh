#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [PEER=FOLDER] scripts/peer.sh    Sets up the Python environment of the peer that `capillaryx bench --peer` runs.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
peer=${PEER:-../shared/peers/seed_stack}
[ -f "$peer/requirements.txt" ] || die "no peer at $peer (it is no part of this repository)"
mkdir -p build
PEER_REQUIREMENTS=$peer/requirements.txt scripts/setup.sh peer
echo "ready: capillaryx bench FRAMES --peer"
