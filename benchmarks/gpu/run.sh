#!/usr/bin/env bash
# The kernels and what PyTorch does on the same work, in one run on a machine with a GPU, nvcc and PyTorch.
# Usage: benchmarks/gpu/run.sh FOLDER   (binaries and results go there)
set -euo pipefail
out="$(mkdir -p "$1" && cd "$1" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cuda=gpu-core/src/main/cuda
check=gpu-core/src/test/cuda

mkdir -p "$out/ptx"
for file in "$cuda"/*.cu; do
  stem="$(basename "$file" .cu)"
  arch=75
  case "$stem" in *_sm90) arch=90 ;; esac
  nvcc -std=c++17 -O3 -ptx "-arch=compute_$arch" -I "$cuda" -I "$cuda/include" -o "$out/ptx/$stem.ptx" "$file" &
done
nvcc -std=c++17 -O2 -o "$out/bench" "$check/bench.cpp" -ldl &
nvcc -std=c++17 -O2 -o "$out/counting_check" "$check/counting_check.cpp" -lcuda -ldl &
nvcc -std=c++17 -O2 -o "$out/analyses_check" "$check/analyses_check.cpp" -lcuda -ldl &
nvcc -std=c++17 -O3 -o "$out/reorder_check" "$check/reorder_check.cpp" -ldl &
wait

nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem --format=csv,noheader
echo "== sorting kernels"
"$out/bench" "$out/ptx"
echo "== counting kernels"
"$out/counting_check" "$out/ptx" bench
echo "== reorder kernels"
"$out/reorder_check" "$out/ptx"
python3 benchmarks/gpu/benchmark_ep_pre_reorder.py --ptx "$out/ptx" || echo "PyTorch could not be asked"
echo "== analyses"
"$out/analyses_check" "$out/ptx" check
python3 benchmarks/gpu/benchmark_analyses.py --ptx "$out/ptx" || echo "PyTorch could not be asked"
echo "== PyTorch"
python3 benchmarks/gpu/rivals.py || echo "PyTorch could not be asked"
