"""What PyTorch does on the work of the kernels: torch.sort (CUB's radix sort beneath) and torch.bincount.

Times are medians of 21 rounds over inputs that rotate through more than 150 MB. Sorts are captured in CUDA graphs where
PyTorch can capture them (so launches cost what they cost our kernels); bincount cannot be, it reads its result's size.
"""

import statistics
import sys

import torch

ROUNDS = 21
COLD_BYTES = 160 << 20


def inputs(shape, experts, dtype):
    count = 1
    for n in shape:
        count *= n
    copies = max(2, min(64, COLD_BYTES // (count * dtype.itemsize) + 1))
    generator = torch.Generator(device="cuda").manual_seed(7)
    make = lambda: torch.randint(0, experts, shape, device="cuda", generator=generator, dtype=torch.int32).to(dtype)
    return [make() for _ in range(copies)]


def timed(run, repeats):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    for _ in range(ROUNDS + 3):
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3 / repeats)
    return statistics.median(times[3:])


def graphed(operation, data, repeats):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        operation(data[0])
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for i in range(repeats):
            operation(data[i % len(data)])
    time = timed(graph.replay, repeats)
    del graph
    return time


def plain(operation, data, repeats):
    def run():
        for i in range(repeats):
            operation(data[i % len(data)])

    run()
    return timed(run, repeats)


def row(name, operation, shape, experts, dtype, repeats, capture=True):
    try:
        data = inputs(shape, experts, dtype)
        time = (graphed if capture else plain)(operation, data, repeats)
        print(f"| {name} | {str(dtype)[6:]} | {time:.1f} |", flush=True)
        del data
    except RuntimeError as e:
        print(f"| {name} | {str(dtype)[6:]} | failed: {str(e).splitlines()[0][:90]} |", flush=True)
    torch.cuda.empty_cache()


def sort(ids):
    return torch.sort(ids, dim=-1, stable=True)


def main():
    print(f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}\n")
    print("| work | ids | us |\n|---|---|---|")
    for name, ids, experts in [
        ("torch.sort, 4096x2, E 64", 8192, 64),
        ("torch.sort, 64x8, E 256", 512, 256),
        ("torch.sort, 4096x8, E 256", 32768, 256),
        ("torch.sort, 65536x8, E 256", 524288, 256),
        ("torch.sort, 1Mx8, E 256", 8 << 20, 256),
        ("torch.sort, 16M, E 128", 16 << 20, 128),
        ("torch.sort, 1Mx10, E 512", 10 << 20, 512),
    ]:
        row(name, sort, (ids,), experts, torch.int32, 8 if ids > 1 << 20 else 32)
    row("torch.sort, 1Mx8, E 256", sort, (8 << 20,), 256, torch.uint8, 8)
    row("torch.sort, 10,000 rows of 512, E 256", sort, (10000, 512), 256, torch.int32, 8)
    row("torch.sort, 1,000 rows of 8,192, E 256", sort, (1000, 8192), 256, torch.int32, 8)
    row("torch.sort, 1M rows of 8, E 256", sort, (1 << 20, 8), 256, torch.int32, 4)
    count = lambda ids: torch.bincount(ids, minlength=256)
    row("torch.bincount, 1Mx8, E 256", count, (8 << 20,), 256, torch.int32, 16, capture=False)
    loop = lambda layers: [torch.bincount(layer, minlength=256) for layer in layers]
    row("torch.bincount, 60 layers x 1M, a call a layer", loop, (60, 1 << 20), 256, torch.int32, 2, capture=False)
    row("torch.bincount, 60 layers x 1M, a call a layer", loop, (60, 1 << 20), 256, torch.uint8, 2, capture=False)
    base = (torch.arange(60, device="cuda", dtype=torch.int32) * 256)[:, None]
    at_once = lambda layers: torch.bincount((layers + base).view(-1), minlength=60 * 256)
    row("torch.bincount, 60 layers x 1M, one call", at_once, (60, 1 << 20), 256, torch.int32, 2, capture=False)


if __name__ == "__main__":
    sys.exit(main())
