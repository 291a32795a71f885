#!/bin/sh
# Builds what the benchmark compares with and no package holds, into .tools/bin. What cannot be
# had is told, and the benchmark says which of its bars are not measured then.
set -u

tools=$(cd "$(dirname "$0")/.." && pwd)/.tools/bin
module=github.com/buchgr/bazel-remote/v2@v2.6.1

[ -x "$tools/bazel-remote" ] && exit 0
mkdir -p "$tools"
GOBIN="$tools" go install "$module" 2>"$tools/bazel-remote.log" ||
    echo "bazel-remote could not be built (see $tools/bazel-remote.log); its row is not measured"
