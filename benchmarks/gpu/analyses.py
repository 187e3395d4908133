"""The product's kernels of the analyses, launched on PyTorch's tensors as the Java launchers do (CoactivationShapes,
TransitionShapes); the parameters are those of gpu-core/src/main/cuda/README.md."""

import torch

from kernels import ceil

TYPES = {torch.int8: 0, torch.int16: 1, torch.int32: 2, torch.uint8: 3}
KINDS = {"tokens": 0, "pairs": 1, "adjacent": 2}
MULTIPROCESSORS = 132
MOST_SHARED = 227 << 10
TILES = 16384
CHUNK = 131072


def before(row, experts):
    return row * (2 * experts - row + 1) // 2


def ints(values):
    return torch.tensor(values, dtype=torch.int32, device="cuda")


class Coactivation:
    """Sums of tokens [tokens, topk] in one slot: [triangle + experts]."""

    def __init__(self, kernels, tokens, topk, experts, kind="tokens"):
        self.kernels, self.topk, self.experts, self.kind = kernels, topk, experts, KINDS[kind]
        self.any = kind == "adjacent" or topk not in (6, 8)
        room = (MOST_SHARED - (TILES if self.any else 0)) // 4 - experts
        rows = self.split(ceil(before(experts, experts), room))
        while self.largest(rows) > room:
            rows = self.split(len(rows))
        self.regions, self.rows, self.copies = len(rows) - 1, ints(rows), 8
        while self.copies > 1 and self.copies * self.largest(rows) > room:
            self.copies //= 2
        self.shared = (TILES if self.any else 0) + 4 * (self.copies * self.largest(rows) + experts)
        self.grid = self.regions * max(1, min(ceil(tokens, 2048), MULTIPROCESSORS // self.regions))
        self.runs = ints([0, tokens, 0, topk])
        self.sums = torch.zeros(before(experts, experts) + experts, dtype=torch.int64, device="cuda")
        self.tally = torch.zeros(4, dtype=torch.int64, device="cuda")

    def split(self, regions):
        rows, row = [0], 1
        for r in range(1, regions):
            while before(row, self.experts) < before(self.experts, self.experts) * r // regions:
                row += 1
            rows.append(row)
        return rows + [self.experts]

    def largest(self, rows):
        return max(before(b, self.experts) - before(a, self.experts) for a, b in zip(rows, rows[1:]))

    def add(self, ids):
        file, name = ("coactivation_any",) * 2 if self.any else ("coactivation", f"coactivation_k{self.topk}")
        self.kernels.launch(file, name, self.grid, 1024, self.shared, ids, TYPES[ids.dtype], None, self.runs, 1,
                            self.experts, max(2, self.topk), self.kind, self.rows, self.regions, self.copies, self.sums,
                            self.tally)

    def matrix(self):
        """[experts, experts], as CudaCoactivation.read makes it."""
        e, usual = self.experts, max(2, self.topk)
        out = torch.zeros(e, e, dtype=torch.int64, device="cuda")
        upper = torch.triu_indices(e, e, device="cuda")
        out[upper[0], upper[1]] = self.sums[:before(e, e)]
        equal = out.diagonal().clone()
        out = out + out.T
        if self.kind != KINDS["adjacent"]:
            pairs = out.sum(1) + self.sums[before(e, e):]
            out.diagonal().copy_(pairs // (usual - 1) + 2 * equal)
        return out


class Transitions:
    """Sums [pairs, experts, experts] of ids [layers, tokens, topk], a block of tokens with all layers."""

    def __init__(self, kernels, layers, tokens, topk, experts, lag=0):
        self.kernels, self.layers, self.tokens, self.topk, self.experts = kernels, layers, tokens, topk, experts
        self.pairs = [(x, y) for x in range(layers) for y in range(x + 1, layers) if lag == 0 or y == x + lag]
        self.sums = torch.zeros(len(self.pairs), experts, experts, dtype=torch.int64, device="cuda")
        cells = torch.zeros(layers, layers, dtype=torch.int64)
        for p, (x, y) in enumerate(self.pairs):
            cells[x, y] = self.sums[p].data_ptr()
        self.cells, self.pairs_at = cells.cuda(), ints(self.pairs)
        self.tiles = ints(self.product_tiles())
        self.offsets = ints([s * tokens * topk for s in range(layers + 1)])
        self.line, self.first = ints([0, tokens]), ints([0])
        chunk = min(tokens, CHUNK)
        self.words = ceil(chunk, 1024) * 32
        self.bits = torch.empty(layers * experts, self.words, dtype=torch.int32, device="cuda")
        self.flags = torch.zeros((layers + 1) * self.words + 1, dtype=torch.int32, device="cuda")
        self.list = torch.empty(chunk, dtype=torch.int32, device="cuda")
        self.tally = torch.zeros(4, dtype=torch.int64, device="cuda")

    def product_tiles(self):
        rows, e = self.layers * self.experts, self.experts
        wanted = {(r, c) for x, y in self.pairs for r in range(x * e // 256, ((x + 1) * e - 1) // 256 + 1)
                  for c in range(y * e // 128, ((y + 1) * e - 1) // 128 + 1)}
        return [(r, c) for group in range(0, ceil(rows, 256), 8) for c in range(ceil(rows, 128))
                for r in range(group, group + 8) if (r, c) in wanted]

    def group(self, ids):
        return (ids, TYPES[ids.dtype], self.offsets, self.line, self.first, 1, self.layers, self.topk, self.experts)

    def chunks(self):
        return [(at, min(CHUNK, self.tokens - at)) for at in range(0, self.tokens, CHUNK)]

    def pack(self, ids, first, tokens):
        words = ceil(tokens, 1024) * 32
        self.flags.zero_()
        self.listed = self.flags[(self.layers + 1) * words :]
        self.kernels.launch("transitions_sm90", "transitions_pack", (words // 32, self.layers), 1024, 132 * self.experts,
                            *self.group(ids), first, tokens, words, self.bits, self.flags, self.list, self.listed,
                            self.tally)
        return words

    def product(self, words):
        parts = min(ceil(4 * MULTIPROCESSORS, len(self.tiles)), max(1, words // 64))
        self.kernels.launch("transitions_sm90", "transitions_product", (len(self.tiles), parts), 512, 196608, self.bits,
                            words, self.layers, self.experts, self.tiles, self.cells)

    def by_tokens(self, ids, first, tokens, mode=0, odd=1):
        items = tokens * (len(self.pairs) + odd * self.layers)
        self.kernels.launch("transitions", "transitions_tokens", min(ceil(items, 256), 16 * MULTIPROCESSORS), 256, 0,
                            *self.group(ids), first, tokens, self.list if mode == 2 else None, self.listed, self.flags,
                            ceil(tokens, 1024) * 32, self.pairs_at, len(self.pairs), self.cells, mode, odd, self.tally)

    def add(self, ids):
        for first, tokens in self.chunks():
            words = self.pack(ids, first, tokens)
            self.product(words)
            self.by_tokens(ids, first, tokens, mode=2, odd=0)
