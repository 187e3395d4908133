"""Align, EP preprocess and reorder of one routing, each alone and one after the other: what an EP layer does to its ids
and activations before the first grouped GEMM."""

import torch

from kernels import ceil

INT32 = 2  # IdType.INT32


def row_length(bins):
    return (bins + 3 + 7) & ~7


def sort_shared(warps, items, bins):
    row = row_length(bins)
    return warps * row * 2 + 4 * (36 + 3 * row + warps * 32 * items)


class Chain:
    """For 1,025 to 8,192 ids and up to 256 experts: both kernels take them in one launch without scratch."""

    def __init__(self, kernels, topk_ids, experts, block_size):
        self.kernels, self.ids, self.experts, self.block_size = kernels, topk_ids, experts, block_size
        n = self.n = topk_ids.numel()
        assert 1024 < n <= 8192 and experts <= 256 and block_size & (block_size - 1) == 0
        most = n + experts * (block_size - 1)
        ints = lambda count: torch.zeros(count, dtype=torch.int32, device="cuda")
        longs = lambda count: torch.zeros(count, dtype=torch.int64, device="cuda")
        self.offsets = torch.tensor([0, n], dtype=torch.int32, device="cuda")
        self.sorted, self.expert_ids, self.post_pad = ints(most), ints(ceil(most, block_size)), ints(1)
        self.sorted_offsets, self.expert_offsets, self.tally, self.violation = longs(2), longs(2), longs(4), longs(1)
        self.src2dst, self.reorder_topk_ids, self.seg_indptr = ints(n), ints(n), longs(experts + 1)

    def keys(self):
        return (self.ids, INT32, self.experts, self.experts, 0, None, self.offsets)

    def align(self):
        shared = sort_shared(16, 2, self.experts) + 8 * row_length(self.experts)
        self.kernels.launch("align_cluster_sm90", "align_cluster_w16_b8", 8, 512, shared, *self.keys(), self.n, self.block_size, None,
                            self.sorted, self.expert_ids, self.post_pad, self.sorted_offsets, self.expert_offsets, self.tally)

    def preprocess(self):
        self.kernels.launch("ep_preprocess", "ep_preprocess_w32_b8", 1, 1024, sort_shared(32, 8, self.experts), *self.keys(), None,
                            0, 0, 0, self.experts, None, self.offsets, self.src2dst, self.reorder_topk_ids, None,
                            self.seg_indptr, None, self.violation, self.tally)

    def check(self):
        """src2dst against PyTorch's stable sort."""
        self.align()
        self.preprocess()
        order = torch.sort(self.ids.flatten(), stable=True).indices
        want = torch.empty_like(self.src2dst)
        want[order] = torch.arange(self.n, device="cuda", dtype=torch.int32)
        counts = torch.bincount(self.ids.flatten(), minlength=self.experts)
        padded = (ceil_each(counts, self.block_size) * self.block_size).sum()
        assert torch.equal(want, self.src2dst) and int(self.post_pad) == int(padded)


def ceil_each(counts, block_size):
    return (counts + block_size - 1) // block_size
