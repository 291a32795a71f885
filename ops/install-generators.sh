#!/bin/sh
# Installs the generators for TypeScript and Go into this tree (clients/typescript/node_modules
# and .tools/bin), at the versions pinned here and in package-lock.json. Quick when they are there.
# Generators for Python and buf are in the venv that `make generate` creates.
set -eu

PROTOC_GEN_GO=v1.33.0      # what grpc-go 1.64 asks for; the newest pair that Go 1.19 (Debian 12) can build
PROTOC_GEN_GO_GRPC=v1.5.1

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/.tools/bin"
mkdir -p "$bin"

# Tests run in several processes, and npm must not run twice in one folder.
exec 9>"$root/.tools/install.lock"
flock 9

node_modules="$root/clients/typescript/node_modules"
lock="$root/clients/typescript/package-lock.json"
if ! cmp -s "$lock" "$node_modules/.installed-from"; then
    npm --prefix "$root/clients/typescript" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp "$lock" "$node_modules/.installed-from"
fi

install_go_tool() { # binary, module, version
    [ -x "$bin/$1-$3" ] || { GOBIN="$bin" GOFLAGS='' go install "$2@$3" && mv "$bin/$1" "$bin/$1-$3"; }
    ln -sf "$1-$3" "$bin/$1"
}
install_go_tool protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go "$PROTOC_GEN_GO"
install_go_tool protoc-gen-go-grpc google.golang.org/grpc/cmd/protoc-gen-go-grpc "$PROTOC_GEN_GO_GRPC"
