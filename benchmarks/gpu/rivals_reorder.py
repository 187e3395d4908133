"""What others do on the same work, written here in Triton: the two loop orders of the public EP kernels.

2024: a program a token, an outer loop over the slots, an inner one over the row, which is read again for every slot.
today: a program a token, an outer loop over the row's pieces; a piece is read once, whether a slot is local or not.
"""

import triton
import triton.language as tl


@triton.jit
def pre_2024(hidden, out, src2dst, topk_ids, scales, first, last, topk: tl.constexpr, size, SCALED: tl.constexpr, BLOCK: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    for k in range(topk):
        expert = tl.load(topk_ids + token * topk + k)
        if expert >= first and expert <= last:
            scale = 1.0
            if SCALED:
                scale = 1.0 / tl.load(scales + expert - first)
            row = tl.load(src2dst + token * topk + k).to(tl.int64)
            for begin in tl.range(0, size, BLOCK):
                at = begin + tl.arange(0, BLOCK)
                inside = at < size
                x = tl.load(hidden + token * size + at, mask=inside).to(tl.float32)
                tl.store(out + row * size + at, (x * scale).to(out.dtype.element_ty), mask=inside)


@triton.jit
def pre_today(hidden, out, src2dst, topk_ids, scales, first, last, topk: tl.constexpr, size, SCALED: tl.constexpr, BLOCK: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    for begin in tl.range(0, size, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < size
        x = tl.load(hidden + token * size + at, mask=inside).to(tl.float32)
        for k in range(topk):
            expert = tl.load(topk_ids + token * topk + k)
            if expert >= first and expert <= last:
                scale = 1.0
                if SCALED:
                    scale = 1.0 / tl.load(scales + expert - first)
                row = tl.load(src2dst + token * topk + k).to(tl.int64)
                tl.store(out + row * size + at, (x * scale).to(out.dtype.element_ty), mask=inside)


@triton.jit
def post(down, out, src2dst, topk_ids, weights, first, last, topk: tl.constexpr, size, BLOCK: tl.constexpr):
    token = tl.program_id(0).to(tl.int64)
    for begin in tl.range(0, size, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < size
        total = tl.zeros([BLOCK], dtype=tl.float32)
        for k in range(topk):
            expert = tl.load(topk_ids + token * topk + k)
            if expert >= first and expert <= last:
                row = tl.load(src2dst + token * topk + k).to(tl.int64)
                weight = tl.load(weights + token * topk + k)
                total += tl.load(down + row * size + at, mask=inside).to(tl.float32) * weight
        tl.store(out + token * size + at, total.to(out.dtype.element_ty), mask=inside)


def pre(kernel, w, block=1024, warps=8):
    scales = w.hidden if w.scales is None else w.scales
    kernel[(w.tokens,)](w.hidden, w.out, w.src2dst, w.topk_ids, scales, w.first, w.last, w.topk, w.hidden.shape[1],
                        w.scales is not None, block, num_warps=warps)


def post_rows(w, block=1024, warps=8):
    post[(w.tokens,)](w.hidden, w.out, w.src2dst, w.topk_ids, w.weights, w.first, w.last, w.topk, w.hidden.shape[1], block,
                      num_warps=warps)
