#!/bin/sh
# Makes the virtual environment that `make demo` and `make test` run in.
# PyTorch first and from its CPU build, so that no package pulls gigabytes of CUDA libraries.
set -eu
venv="$1"

"$PYTHON" - <<'CHECK' || exit 1
import sys
if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Vertebra needs Python 3.10 to 3.13, this is {sys.version.split()[0]}: "
             "name another one, as in 'make test PYTHON=python3.12'.")
CHECK

"$PYTHON" -m venv "$venv" || {
    echo "Python cannot make a virtual environment: on Debian and Ubuntu install python3-venv." >&2
    exit 1
}
index=${TORCH_INDEX:+--extra-index-url $TORCH_INDEX}

# uv knows where PyTorch keeps its CPU build; what PyTorch needs in turn comes from pip's index below.
cpu_build_by_uv() {
    echo "pip does not find the CPU build of PyTorch; asking uv, which knows its place." >&2
    "$venv/bin/python" -m pip install --quiet --retries 1 uv &&
        UV_HTTP_RETRIES=0 "$venv/bin/python" -m uv pip install --quiet --no-deps \
            --python "$venv/bin/python" --torch-backend cpu "torch==$TORCH"
}

# On macOS and on Arm the plain build is the CPU one. On Linux on x86 the CPU build carries a mark of
# its own; only a machine with an NVIDIA GPU is given the plain build, which brings CUDA.
if [ "$(uname -sm)" != "Linux x86_64" ] || command -v nvidia-smi >/dev/null 2>&1; then
    "$venv/bin/python" -m pip install --quiet $index "torch==$TORCH"
else
    "$venv/bin/python" -m pip install --quiet $index "torch==$TORCH+cpu" 2>/dev/null ||
        cpu_build_by_uv || {
        echo "The CPU build of PyTorch $TORCH cannot be fetched, neither by pip nor by uv. Name" >&2
        echo "PyTorch's CPU package index or a copy of it (its 'Get started' page shows it)," >&2
        echo "as in: make test TORCH_INDEX=URL" >&2
        exit 1
    }
fi
"$venv/bin/python" -m pip install --quiet --editable ".[dev]"
