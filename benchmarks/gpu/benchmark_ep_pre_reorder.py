"""Times pre_reorder and post_reorder beside what others do on the same work, in one run.

A time is the median of 15 replays of a CUDA graph of many operations over buffers that rotate through more than 300 MB;
the copy bandwidth is measured in the same run. Shares are those of the bytes that the work needs: each token's row that
has a selected slot once, each selected row once, ids and src2dst (and weights) once, and the zeroed rows where asked.

Without arguments: the table of docs/gpu.md. With --batch-size: one shape, e.g.
  --batch-size 4096 --topk 2 --hidden-size 4096 --num-experts 64 --experts 0-7 --dtype bf16 --out-dtype fp8_e4m3fn
  --scales per_expert --block-size 512 (of the Triton rivals)
--list prints every variant of the kernels for a shape, --check compares results with PyTorch's first, --once launches
each of our kernels once and times nothing, for a profiler.
"""

import argparse
import statistics

import torch

import kernels as ours
import rivals_reorder as rivals
from chain_ep import Chain

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32, "fp8_e4m3fn": torch.float8_e4m3fn}
COLD_BYTES = 300e6


def graphed(operation, count, replays=15):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        operation(0)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for i in range(count):
            operation(i)
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    for _ in range(replays + 2):
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3 / count)
    return statistics.median(times[2:])


def copy_bandwidth(kernels):
    """Bytes read and written a second by the driver's own copy of 4 GiB."""
    a = torch.ones(4 << 30, dtype=torch.uint8, device="cuda")
    b = torch.empty_like(a)
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    for _ in range(11):
        begin.record()
        kernels.copy(b, a)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3)
    return 2 * a.numel() / statistics.median(times) * 1e6


class Shape:
    def __init__(self, tokens, topk, hidden, experts, local, dtype="fp16", out_dtype=None, mode="none", zero=False, post=False):
        self.tokens, self.topk, self.hidden, self.experts, self.local = tokens, topk, hidden, experts, local
        self.dtype, self.out_dtype, self.mode, self.zero, self.post = dtype, out_dtype or dtype, mode, zero, post
        self.share = (local[1] - local[0] + 1) / experts
        self.routing()

    def name(self):
        kind = "post_reorder" if self.post else "pre_reorder"
        scales = "" if self.mode == "none" else f", {self.mode} scales"
        to = "" if self.out_dtype == self.dtype else f" to {self.out_dtype}"
        where = "all local" if self.share == 1 else f"{self.share:.3g} local"
        zeroed = ", other rows zeroed" if self.zero else ""
        return f"{kind} {self.tokens}x{self.topk}x{self.hidden} {self.dtype}{to}, {where}{scales}{zeroed}"

    def routing(self):
        torch.manual_seed(1)
        scores = torch.rand(self.tokens, self.experts, device="cuda")
        self.ids = scores.topk(self.topk, dim=1).indices.int().contiguous()
        order = torch.sort(self.ids.flatten(), stable=True).indices
        self.src2dst = torch.empty_like(self.ids).flatten()
        self.src2dst[order] = torch.arange(order.numel(), device="cuda", dtype=torch.int32)
        self.selected = (self.ids >= self.local[0]) & (self.ids <= self.local[1])
        self.rows = int(self.selected.sum())
        self.busy = int(self.selected.any(dim=1).sum())

    def bytes(self):
        n, wide, out = self.ids.numel(), DTYPES[self.dtype].itemsize, DTYPES[self.out_dtype].itemsize
        if self.post:
            return (self.rows + self.tokens) * self.hidden * wide + 12 * n
        return self.busy * self.hidden * wide + (n if self.zero else self.rows) * self.hidden * out + 8 * n

    def sets(self):
        return max(2, int(COLD_BYTES / self.bytes()) + 1)

    def work(self):
        n, scales = self.ids.numel(), None
        if self.mode != "none":
            count = {"per_expert": self.local[1] - self.local[0] + 1, "per_token": self.tokens, "scalar": 1}[self.mode]
            scales = torch.rand(count, device="cuda") + 0.5
        rows = torch.randn(n if self.post else self.tokens, self.hidden, device="cuda", dtype=torch.float32).to(DTYPES[self.dtype])
        out = torch.zeros(self.tokens if self.post else n, self.hidden, device="cuda", dtype=torch.float32).to(DTYPES[self.out_dtype])
        weights = torch.rand(self.tokens, self.topk, device="cuda") if self.post else None
        return ours.Work(rows, out, self.ids.clone(), self.src2dst.clone(), self.local, scales, self.mode, weights)

    def count(self, sets, bandwidth):
        floor = self.bytes() / bandwidth * 1e6
        return max(1, min(240, int(max(2 * sets, 4000 / floor))) // sets) * sets


def run_ours(kernels, shape, variant=None, rows_a_block=None):
    if shape.post:
        return lambda w: ours.post_reorder(kernels, w, shape.share, variant=variant)
    if not shape.zero:
        return lambda w: ours.pre_reorder(kernels, w, shape.share, variant=variant)
    most = shape.rows > shape.ids.numel() // 2

    def both(w):
        ours.pre_reorder(kernels, w, shape.share, note=True, variant=variant)
        ours.zero_unnamed(kernels, w, rows_a_block or (8 if most else 1))

    return both


def run_rivals(shape, block):
    if shape.post:
        return {"Triton, fp32 sums": lambda w: rivals.post_rows(w, block)}
    found = {"Triton, loops of 2024": lambda w: rivals.pre(rivals.pre_2024, w, block),
             "Triton, loops of today": lambda w: rivals.pre(rivals.pre_today, w, block)}
    if shape.zero:
        found = {f"zeros + {name}": lambda w, f=f: (w.out.zero_(), f(w)) for name, f in found.items()}
    if shape.share == 1 and shape.mode == "none" and shape.out_dtype == shape.dtype:
        found["torch.index_select"] = None  # needs rows by destination: see gather
    return found


def gather(works, shape):
    source = torch.empty(shape.ids.numel(), dtype=torch.int64, device="cuda")
    source[shape.src2dst.long()] = torch.arange(shape.ids.numel(), device="cuda") // shape.topk
    return lambda w: torch.index_select(w.hidden, 0, source, out=w.out)


VARIANTS = {
    "copy": [("copy", 2, 0), ("copy", 4, 0), ("bulk", 1, 0), ("bulk", 1, 1), ("bulk", 5, 1), ("bulk", 15, 1)],
    "fp8": [("fp8", 1, 0), ("fp8", 1, 1), ("fp8", 5, 1), ("fp8", 15, 1)],
    "scaled": [("scaled_v4", 4, 0), ("scaled_v4", 7, 0)],
    "scaled8": [("scaled8", 1, 0), ("scaled8", 1, 1), ("scaled8", 2, 0), ("scaled8", 2, 1)],
    "post": [("rows", 2), ("rows", 4), ("bulk_v4", 1), ("bulk_v7", 1), ("any", 1)],
}


def variants_of(shape):
    if shape.post:
        return VARIANTS["post"]
    fp8 = shape.out_dtype == "fp8_e4m3fn"
    return VARIANTS[("fp8" if fp8 else "copy") if shape.mode == "none" else "scaled8" if fp8 else "scaled"] + [("any", 8, 0)]


def expected(shape, w):
    """What PyTorch makes of it, in fp32 where it counts."""
    out = torch.zeros(w.out.shape, dtype=torch.float32, device="cuda")
    for k in range(shape.topk):
        chosen = shape.selected[:, k].nonzero().flatten()
        rows = shape.src2dst.view(shape.tokens, shape.topk)[chosen, k].long()
        if shape.post:
            out[chosen] = torch.addcmul(out[chosen], w.weights[chosen, k : k + 1], w.hidden[rows].float())
            continue
        values = w.hidden[chosen].float()
        if shape.mode != "none":
            index = {"per_expert": shape.ids[chosen, k] - shape.local[0], "per_token": chosen, "scalar": chosen * 0}[shape.mode]
            values = values * (1 / w.scales[index.long()])[:, None]
        out[rows] = values
    limit = 448 if shape.out_dtype == "fp8_e4m3fn" else torch.finfo(DTYPES[shape.out_dtype]).max
    return out.clamp(-limit, limit).to(DTYPES[shape.out_dtype])


def compare(kernels, shape, variants):
    w = shape.work()
    want = expected(shape, w).float()
    for v in variants:
        w.out.zero_()
        run_ours(kernels, shape, v)(w)
        got = w.out.float()
        off = (got != want).sum().item()
        allowed = 0.01 * want.numel() if shape.post else 0  # addcmul is not fused
        assert off <= allowed and torch.allclose(got, want, rtol=2e-2, atol=2e-2), f"{shape.name()} {v}: {off} values differ"
        assert not w.tally.any(), f"{shape.name()} {v}: tally {w.tally.tolist()}"


def measure(kernels, shape, bandwidth, block, every, with_rivals):
    works = [shape.work() for _ in range(shape.sets())]
    entries = [("ours", run_ours(kernels, shape))] if not every else [(" ".join(map(str, v)), run_ours(kernels, shape, v)) for v in variants_of(shape)]
    if every and shape.zero:
        entries += [(f"rows a block {r}", run_ours(kernels, shape, None, r)) for r in (1, 2, 4, 8, 16, 32)]
    if with_rivals:
        for name, f in run_rivals(shape, block).items():
            entries.append((name, f or gather(works, shape)))
    count = shape.count(len(works), bandwidth)
    for name, f in entries:
        time = graphed(lambda i: f(works[i % len(works)]), count)
        rate = shape.bytes() / time * 1e6
        print(f"| {shape.name()} | {name} | {time:.2f} | {rate / 1e9:.0f} | {100 * rate / bandwidth:.1f} % |", flush=True)
    del works
    torch.cuda.empty_cache()


def table(dtype="fp16"):
    large, few, small, eighth, whole = (8192, 8, 7168), (8192, 2, 7168), (4096, 2, 4096), (96, 127), (0, 255)
    for local in (whole, eighth):
        yield Shape(*large, 256, local, dtype)
        yield Shape(*large, 256, local, dtype, mode="per_expert")
        yield Shape(*large, 256, local, dtype, "fp8_e4m3fn")
        yield Shape(*large, 256, local, dtype, "fp8_e4m3fn", "per_expert")
        yield Shape(*few, 256, local, dtype)
        yield Shape(*small, 256, local, dtype)
        yield Shape(*large, 256, local, dtype, post=True)
        yield Shape(*few, 256, local, dtype, post=True)
        yield Shape(*small, 256, local, dtype, post=True)
    yield Shape(*large, 256, eighth, dtype, zero=True)
    yield Shape(*few, 256, eighth, dtype, zero=True)


def chain(kernels, block_size=128):
    """Align, preprocess and reorder of 4096 tokens, 64 experts, topk 2, hidden size 4096."""
    shape = Shape(4096, 2, 4096, 64, (0, 63))
    works = [shape.work() for _ in range(shape.sets())]
    steps = [Chain(kernels, w.topk_ids, 64, block_size) for w in works]
    for step, w in zip(steps, works):
        step.check()
        w.src2dst = step.src2dst
    reorder = lambda i: ours.pre_reorder(kernels, works[i], 1.0)

    def all_three(i):
        steps[i].align()
        steps[i].preprocess()
        reorder(i)

    def by_pytorch(i):
        ids = works[i].topk_ids.flatten()
        reordered, order = torch.sort(ids, stable=True)
        works[i].src2dst[order] = torch.arange(order.numel(), device="cuda", dtype=torch.int32)
        torch.searchsorted(reordered, torch.arange(65, device="cuda", dtype=torch.int32))
        rivals.pre(rivals.pre_today, works[i])

    count = 32 // len(works) * len(works)
    print("\n| 4096 tokens, topk 2, 64 experts, block size 128, hidden size 4096 | us |\n|---|---|")
    for name, f in [("moe_align_block_size", lambda i: steps[i].align()), ("ep_preprocess", lambda i: steps[i].preprocess()),
                    ("pre_reorder", reorder), ("all three", all_three), ("torch.sort, searchsorted, Triton's loops of today", by_pytorch)]:
        print(f"| {name} | {graphed(lambda i: f(i % len(works)), count):.2f} |", flush=True)


def choices(kernels):
    """moe_topk, softmax, fp32 logits."""
    print("\n| topk 8 of softmax, fp32 | ours us | torch.softmax + torch.topk us |\n|---|---|---|")
    for tokens, experts in ((65536, 256), (65536, 64), (4096, 128)):
        sets = int(COLD_BYTES / (tokens * experts * 4)) + 1
        logits = [torch.randn(tokens, experts, device="cuda") for _ in range(sets)]
        ids, weights = torch.empty(tokens, 8, dtype=torch.int32, device="cuda"), torch.empty(tokens, 8, device="cuda")
        run = lambda i: kernels.launch("topk", "topk", ours.ceil(tokens, 4), 128, 16 * (experts + 1), logits[i % sets], 1, tokens, experts, 8,
                                       0, 0, None, 1, 1, 1.0, ids, weights)
        run(0)
        want = torch.topk(torch.softmax(logits[0], 1), 8)
        assert torch.equal(ids.long(), want.indices) and torch.allclose(weights, want.values, rtol=1e-5)
        theirs = graphed(lambda i: torch.topk(torch.softmax(logits[i % sets], 1), 8), 2 * sets)
        print(f"| {tokens} x {experts} | {graphed(run, 2 * sets):.1f} | {theirs:.1f} |", flush=True)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch-size", type=int, nargs="+", help="tokens; without it the whole table")
    p.add_argument("--topk", type=int, default=8)
    p.add_argument("--hidden-size", type=int, default=7168)
    p.add_argument("--block-size", type=int, default=1024, help="of the Triton rivals")
    p.add_argument("--num-experts", type=int, default=256)
    p.add_argument("--experts", default=None, help="first-last local expert, inclusive; all by default")
    p.add_argument("--dtype", choices=list(DTYPES)[:3], default="fp16")
    p.add_argument("--out-dtype", choices=list(DTYPES), default=None)
    p.add_argument("--scales", choices=list(ours.MODES), default="none")
    p.add_argument("--zero", action="store_true", help="zero the rows that nobody selects")
    p.add_argument("--post", action="store_true", help="post_reorder instead")
    p.add_argument("--list", action="store_true", help="every variant")
    p.add_argument("--check", action="store_true", help="compare every variant with PyTorch first")
    p.add_argument("--once", action="store_true", help="no timing: our kernels once a shape")
    p.add_argument("--no-rivals", action="store_true")
    p.add_argument("--ptx", help="folder of .ptx files, instead of the committed ones")
    return p.parse_args()


def shapes(a):
    if not a.batch_size:
        return table(a.dtype)
    local = tuple(map(int, a.experts.split("-"))) if a.experts else (0, a.num_experts - 1)
    return (Shape(tokens, a.topk, a.hidden_size, a.num_experts, local, a.dtype, a.out_dtype, a.scales, a.zero, a.post) for tokens in a.batch_size)


def main():
    a = arguments()
    kernels = ours.Kernels(a.ptx)
    if a.once:
        for shape in shapes(a):
            print(f"{shape.name()}: {shape.bytes() / 1e6:.1f} MB needed", flush=True)
            run_ours(kernels, shape)(shape.work())
            torch.cuda.synchronize()
        return
    bandwidth = copy_bandwidth(kernels)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, copy {bandwidth / 1e12:.3f} TB/s\n")
    print("| work | by | us | GB/s | of a copy |\n|---|---|---|---|---|")
    for shape in shapes(a):
        if a.check:
            compare(kernels, shape, variants_of(shape))
        measure(kernels, shape, bandwidth, a.block_size, a.list, not a.no_rivals)
    if not a.batch_size and not a.no_rivals:
        chain(kernels)
        choices(kernels)


if __name__ == "__main__":
    main()
