#!/bin/bash
# A VPN gateway stores nothing of its own, and zfstune says so.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role vpn
