#!/bin/sh
# usage: ops/generate.sh [FOLDER]
#
# Regenerates from proto/ all code that is checked in: Python, TypeScript and Go.
# FOLDER (default: this tree) receives clients/…; tests give another one and compare.
# TOOLS (default: .venv-generate) is a venv with the dependency group `generate` of pyproject.toml.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root}
TOOLS=${TOOLS:-$root/.venv-generate}

if [ ! -x "$TOOLS/bin/buf" ]; then
    echo "generate: $TOOLS has no buf; \`make generate\` creates that venv, or set TOOLS." >&2
    exit 1
fi
"$root/ops/install-generators.sh"

mkdir -p "$out"
out=$(cd "$out" && pwd)
export PATH="$root/.tools/bin:$root/clients/typescript/node_modules/.bin:$TOOLS/bin:$PATH"
cd "$root/proto"

buf lint
buf build -o /dev/null

# What an earlier contract had must not survive; __init__.py and the like are written by hand.
python="$out/clients/python/src" typescript="$out/clients/typescript/src/gen" go="$out/clients/go"
mkdir -p "$python" "$typescript" "$go"
find "$python" \( -name '*_pb2*.py' -o -name '*_pb2*.pyi' \) -delete
find "$typescript" -name '*_pb.ts' -delete
find "$go" -name '*.pb.go' -delete

python -m grpc_tools.protoc -I. \
    --python_out="$python" --pyi_out="$python" --grpc_python_out="$python" --mypy_grpc_out="quiet:$python" \
    imageid/v1/*.proto
buf generate -o "$out"
