"""Times co-activation and transitions beside what PyTorch does on the same work, in one run.

A time is the median of 15 replays of a CUDA graph over inputs that rotate through more than 300 MB, or of 5 runs where a
rival cannot be captured. Every result, ours and the rivals', is first compared with counts by torch.bincount.

--skew uniform or zipf; --only coactivation or transitions; --check adds comparisons of odd shapes and times nothing.
"""

import argparse
import statistics

import torch

import analyses
import kernels as ours
from benchmark_ep_pre_reorder import COLD_BYTES, graphed


def draw(tokens, topk, experts, skew, seed, dtype=torch.uint8):
    """[tokens, topk] distinct experts."""
    g = torch.Generator(device="cuda").manual_seed(seed)
    weight = torch.ones(experts, device="cuda")
    if skew == "zipf":
        weight = 1 / (1 + torch.randperm(experts, generator=g, device="cuda").float())
    out = torch.empty(tokens, topk, dtype=dtype, device="cuda")
    for at in range(0, tokens, 1 << 20):
        n = min(1 << 20, tokens - at)
        keys = -torch.rand(n, experts, generator=g, device="cuda").log() / weight
        out[at : at + n] = keys.topk(topk, largest=False, sorted=False).indices.to(dtype)
    return out


def timed(f, runs=5):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    f()
    for _ in range(runs):
        begin.record()
        f()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3)
    return statistics.median(times)


def hot(ids, experts, dtype):
    """[tokens, experts] of ones at a token's experts."""
    return torch.zeros(ids.shape[0], experts, dtype=dtype, device="cuda").scatter_(1, ids.long(), 1)


def hot_columns(ids, experts):
    """[experts, tokens] of int8, the layout that the int8 product wants."""
    return torch.zeros(experts, ids.shape[0], dtype=torch.int8, device="cuda").scatter_(0, ids.long().T, 1)


def by_int_matmul(ids, experts, chunk=1 << 20):
    out = torch.zeros(experts, experts, dtype=torch.int32, device="cuda")
    for at in range(0, ids.shape[0], chunk):
        x = hot_columns(ids[at : at + chunk], experts)
        out += torch._int_mm(x, x.T)
    return out


def by_float_matmul(ids, experts, chunk=1 << 20):
    out = torch.zeros(experts, experts, dtype=torch.float32, device="cuda")
    for at in range(0, ids.shape[0], chunk):
        x = hot(ids[at : at + chunk], experts, torch.bfloat16)
        out += torch.mm(x.T, x, out_dtype=torch.float32)
    return out


def by_bincount(ids, experts, chunk=1 << 20):
    out = torch.zeros(experts * experts, dtype=torch.int64, device="cuda")
    for at in range(0, ids.shape[0], chunk):
        x = ids[at : at + chunk].long()
        out += torch.bincount((x[:, :, None] * experts + x[:, None, :]).flatten(), minlength=experts * experts)
    return out.view(experts, experts)


def by_scatter(ids, experts, chunk=1 << 20):
    out = torch.zeros(experts * experts, dtype=torch.int32, device="cuda")
    one = torch.ones(1, dtype=torch.int32, device="cuda")
    for at in range(0, ids.shape[0], chunk):
        x = ids[at : at + chunk].long()
        cells = (x[:, :, None] * experts + x[:, None, :]).flatten()
        out.scatter_add_(0, cells, one.expand(cells.shape))
    return out.view(experts, experts)


def same(name, got, want):
    assert torch.equal(got.long(), want.long()), f"{name}: {(got.long() != want.long()).sum().item()} cells differ"


def row(work, who, us, tokens):
    print(f"| {work} | {who} | {us:.1f} | {tokens / us:.1f} |", flush=True)


def coactivation(kernels, tokens, topk, experts, skew, dtype=torch.uint8, kind="tokens", rivals=False):
    ids = draw(tokens, topk, experts, skew, 1, dtype)
    sets = max(2, int(COLD_BYTES / ids.nbytes) + 1)
    copies = [ids] + [ids.roll(i * 12347, 0) for i in range(1, sets)]
    counts = analyses.Coactivation(kernels, tokens, topk, experts, kind)
    counts.add(ids)
    if kind != "adjacent":
        want = by_bincount(ids, experts)
        same("ours", counts.matrix(), want)
        assert not counts.tally.any()
    name = f"co-activation {tokens / 1e6:.1f}M x {topk}, E {experts}, {str(dtype)[6:]}, {kind}, {skew}"
    row(name, f"ours, {counts.regions} region(s)", graphed(lambda i: counts.add(copies[i % sets]), 2 * sets), tokens)
    if not rivals:
        return
    for who, f in [("bf16 matmul of one-hot rows, fp32 sums", by_float_matmul),
                   ("int8 matmul of one-hot rows", by_int_matmul),
                   ("bincount", by_bincount), ("scatter_add", by_scatter)]:
        try:
            if who.startswith("bf16"):
                assert tokens < 1 << 24 or skew == "uniform"
            same(who, f(ids, experts), want)
            row(name, who, timed(lambda: f(ids, experts)), tokens)
        except (RuntimeError, AssertionError, TypeError) as e:
            print(f"| {name} | {who} | fails: {str(e).splitlines()[0][:80]} | |", flush=True)


def pair_by_bincount(a, b, experts):
    cells = (a.long()[:, :, None] * experts + b.long()[:, None, :]).flatten()
    return torch.bincount(cells, minlength=experts * experts).view(experts, experts)


def all_pairs_by_matmul(ids, experts):
    """[layers * experts, layers * experts]; all layers' one-hot rows side by side."""
    x = torch.cat([hot(layer, experts, torch.bfloat16) for layer in ids], 1)
    return torch.mm(x.T, x, out_dtype=torch.float32)


def all_pairs_by_int_matmul(ids, experts):
    x = torch.cat([hot_columns(layer, experts) for layer in ids])
    return torch._int_mm(x, x.T)


def adjacent_by_matmul(ids, experts):
    x = torch.stack([hot(layer, experts, torch.bfloat16) for layer in ids])
    return torch.bmm(x[:-1].transpose(1, 2), x[1:], out_dtype=torch.float32)


def transitions(kernels, layers, tokens, topk, experts, skew, lag, rivals=False, repeated=0):
    ids = torch.stack([draw(tokens, topk, experts, skew, 7 + i) for i in range(layers)])
    again = torch.rand(layers, tokens, device="cuda") < repeated
    ids[..., 1] = torch.where(again, ids[..., 0], ids[..., 1])
    counts = analyses.Transitions(kernels, layers, tokens, topk, experts, lag)
    counts.add(ids)
    for p in range(0, len(counts.pairs), max(1, len(counts.pairs) // 150)):
        x, y = counts.pairs[p]
        same(f"pair {x}, {y}", counts.sums[p], pair_by_bincount(ids[x], ids[y], experts))
    assert not counts.tally.any()
    what = "all pairs" if lag == 0 else f"lag {lag}"
    name = f"transitions of {layers} layers, {what}, {tokens / 1024:.0f}K x {topk}, E {experts}, {skew}"
    who = f"ours, an id twice in {100 * repeated:g} % of a layer's tokens" if repeated else "ours"
    row(name, who, timed(lambda: counts.add(ids)), tokens)
    if repeated:
        return
    words = counts.pack(ids, *counts.chunks()[0])
    first = counts.chunks()[0][1]
    row(name, "- packing alone", timed(lambda: counts.pack(ids, *counts.chunks()[0])), first)
    row(name, "- product alone", timed(lambda: counts.product(words)), first)
    if lag != 0:
        row(name, "- token by token", timed(lambda: counts.by_tokens(ids, 0, tokens)), tokens)
    if not rivals:
        return
    part = ids[:, : 1 << 16]
    found = [("bf16 matmul of one-hot rows", lambda: all_pairs_by_matmul(part, experts)),
             ("int8 matmul of one-hot rows", lambda: all_pairs_by_int_matmul(part, experts))]
    if lag != 0:
        found = [("bf16 batched matmul of one-hot rows", lambda: adjacent_by_matmul(part, experts))]
    found.append(("bincount, pair by pair", lambda: [pair_by_bincount(part[x], part[y], experts) for x, y in counts.pairs[:57]]))
    for who, f in found:
        try:
            share = 1 if "bincount" not in who else len(counts.pairs) / 57
            row(name, f"{who} ({part.shape[1] // 1024}K tokens)", timed(f, 3) * share, part.shape[1])
        except RuntimeError as e:
            print(f"| {name} | {who} | fails: {str(e).splitlines()[0][:80]} | |", flush=True)


def check(kernels):
    """Repeated and masked ids, other shapes."""
    for tokens, topk, experts, dtype in [(5000, 8, 256, torch.int16), (5000, 6, 64, torch.int32), (4097, 10, 512, torch.int16),
                                         (3000, 22, 300, torch.int32), (5000, 8, 1024, torch.int16)]:
        ids = torch.randint(0, experts, (tokens, topk), device="cuda").to(dtype)
        counts = analyses.Coactivation(kernels, tokens, topk, experts, "pairs")
        counts.add(ids)
        same("pairs", counts.matrix(), by_bincount(ids, experts))
        sets = analyses.Coactivation(kernels, tokens, topk, experts)
        sets.add(ids)
        same("tokens", sets.matrix(), by_float_matmul(ids, experts))
        layered = torch.randint(0, experts, (3, tokens, topk), device="cuda").to(dtype)
        moves = analyses.Transitions(kernels, 3, tokens, topk, experts)
        moves.add(layered)
        for p, (x, y) in enumerate(moves.pairs):
            same("transitions", moves.sums[p], pair_by_bincount(layered[x], layered[y], experts))
    print("repeated ids and other shapes: as by torch.bincount", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--skew", choices=["uniform", "zipf"], nargs="+", default=["uniform", "zipf"])
    p.add_argument("--only", choices=["coactivation", "transitions"])
    p.add_argument("--no-rivals", action="store_true")
    p.add_argument("--check", action="store_true")
    p.add_argument("--ptx", help="folder of .ptx files, instead of the committed ones")
    a = p.parse_args()
    kernels = ours.Kernels(a.ptx)
    check(kernels)
    if a.check:
        return
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
    print("| work | who | us | M tokens/s |\n|---|---|---|---|")
    for skew in a.skew:
        rivals = not a.no_rivals and skew == a.skew[0]
        if a.only != "transitions":
            coactivation(kernels, 1 << 23, 8, 256, skew, rivals=rivals)
            coactivation(kernels, 52_400_000, 6, 64, skew, rivals=rivals)
            if skew == a.skew[0]:
                coactivation(kernels, 1 << 23, 8, 256, skew, torch.int32)
                coactivation(kernels, 1 << 23, 8, 256, skew, kind="adjacent")
                coactivation(kernels, 1 << 23, 10, 256, skew)
                for experts in (339, 384, 512, 1024):
                    coactivation(kernels, 1 << 23, 8, experts, skew, torch.int16)
        torch.cuda.empty_cache()
        if a.only != "coactivation":
            transitions(kernels, 58, 1 << 18, 8, 256, skew, 0, rivals)
            for share in (0.0001, 0.01) if skew == a.skew[0] else ():
                transitions(kernels, 58, 1 << 18, 8, 256, skew, 0, repeated=share)
            transitions(kernels, 58, 1 << 18, 8, 256, skew, 1, rivals)
            transitions(kernels, 16, 1 << 18, 8, 64, skew, 0)
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
