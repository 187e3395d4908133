"""The product's kernels in PyTorch's context: PTX loaded by the CUDA driver, launched on PyTorch's stream.

Which reorder kernel serves which work, and how it is launched, is what the Java launchers do (ReorderShapes, PreReorder,
PostReorder); the parameters are those of gpu-core/src/main/cuda/README.md.
"""

import ctypes
import gzip
import pathlib

import torch

RESOURCES = pathlib.Path(__file__).resolve().parents[2] / "gpu-core/src/main/resources/io/sparkmoe/core/cuda/ptx"
CODES = {torch.float32: 1, torch.float16: 2, torch.bfloat16: 3, torch.float8_e4m3fn: 4}
NAMES = {torch.float16: "fp16", torch.bfloat16: "bf16"}
MODES = {"none": 0, "per_expert": 1, "per_token": 2, "scalar": 3}
NULL = ctypes.c_void_p(0)
DYNAMIC_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES


def ceil(a, b):
    return -(-a // b)


class Kernels:
    def __init__(self, folder=None):
        torch.zeros(1, device="cuda")
        self.folder = pathlib.Path(folder) if folder else RESOURCES
        self.driver = ctypes.CDLL("libcuda.so.1")
        self.driver.cuLaunchKernel.argtypes = (
            [ctypes.c_void_p] + [ctypes.c_uint] * 7 + [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p])
        self.modules, self.functions = {}, {}

    def check(self, result, call):
        if result != 0:
            raise RuntimeError(f"{call} failed: CUDA error {result}")

    def text(self, stem):
        packed = self.folder / f"{stem}.ptx.gz"
        return gzip.decompress(packed.read_bytes()) if packed.exists() else (self.folder / f"{stem}.ptx").read_bytes()

    def function(self, stem, name):
        if stem not in self.modules:
            module = ctypes.c_void_p()
            self.check(self.driver.cuModuleLoadData(ctypes.byref(module), self.text(stem) + b"\0"), f"loading {stem}")
            self.modules[stem] = module
        if name not in self.functions:
            function = ctypes.c_void_p()
            call = self.driver.cuModuleGetFunction(ctypes.byref(function), self.modules[stem], name.encode())
            self.check(call, f"finding {name}")
            self.functions[name] = function
        return self.functions[name]

    def copy(self, to, source):
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        arguments = (ctypes.c_uint64(to.data_ptr()), ctypes.c_uint64(source.data_ptr()), ctypes.c_size_t(source.nbytes), stream)
        self.check(self.driver.cuMemcpyDtoDAsync_v2(*arguments), "copy")

    def launch(self, stem, name, grid, threads, shared, *arguments):
        function = self.function(stem, name)
        if shared > 48 * 1024:
            self.check(self.driver.cuFuncSetAttribute(function, DYNAMIC_SHARED, shared), f"shared memory of {name}")
        values = [as_c(a) for a in arguments]
        table = (ctypes.c_void_p * len(values))(*[ctypes.addressof(v) for v in values])
        stream = torch.cuda.current_stream().cuda_stream
        x, y = grid if isinstance(grid, tuple) else (grid, 1)
        self.check(self.driver.cuLaunchKernel(function, x, y, 1, threads, 1, 1, shared, stream, table, None), name)


def as_c(a):
    if a is None:
        return NULL
    if isinstance(a, torch.Tensor):
        return ctypes.c_void_p(a.data_ptr())
    return ctypes.c_int(a) if isinstance(a, int) else ctypes.c_float(a) if isinstance(a, float) else a


class Work:
    """One segment: tensors, the range of local experts, scratch."""

    def __init__(self, hidden, out, topk_ids, src2dst, experts, scales=None, mode="none", weights=None):
        self.hidden, self.out, self.topk_ids, self.src2dst = hidden, out, topk_ids, src2dst
        self.first, self.last = experts
        self.scales, self.mode, self.weights = scales, mode, weights
        self.topk = topk_ids.shape[1]
        self.tokens = topk_ids.shape[0]
        self.tally = torch.zeros(4, dtype=torch.int64, device="cuda")
        self.named = torch.zeros(ceil(src2dst.numel(), 32), dtype=torch.int32, device="cuda")

    def slots(self, rows, note):
        return (self.topk_ids, self.src2dst, self.first, self.last, rows, self.named if note else None, self.tally)

    def scaling(self):
        return (self.scales, MODES[self.mode], 0 if self.scales is None else self.scales.numel())


def piece_bytes(row_bytes):
    pieces = ceil(row_bytes, 3584)
    return ceil(ceil(row_bytes, pieces), 128) * 128


MOSTLY_STORES = 4  # selected slots a token


def pre_reorder(kernels, w, share, note=False, variant=None):
    """share: of the slots that are local, as far as known; note: rows are noted for zero_unnamed."""
    row_bytes = w.hidden.shape[1] * w.hidden.element_size()
    out_bytes = w.hidden.shape[1] * w.out.element_size()
    vectors, local = row_bytes // 16, w.topk * share
    slots = w.slots(w.out.shape[0], note)
    same = w.hidden.dtype == w.out.dtype
    kind, warps, evict = variant or choose(w, same, local, row_bytes, out_bytes)
    name = NAMES.get(w.hidden.dtype, "")
    if kind == "copy":
        kernels.launch("pre_reorder", "pre_reorder_copy", ceil(w.tokens * ceil(vectors, 256), warps), 32 * warps, 0,
                       w.hidden, w.out, vectors, w.tokens, w.topk, *slots)
    elif kind in ("bulk", "fp8"):
        group, piece = min(4, 32 // w.topk), piece_bytes(row_bytes)
        pieces = ceil(row_bytes, piece)
        kernels.launch("pre_reorder_sm90", "pre_reorder_bulk" if kind == "bulk" else f"pre_reorder_fp8_{name}",
                       ceil(ceil(w.tokens, group) * pieces, warps), 32 * warps, warps * group * piece,
                       w.hidden, w.out, w.tokens, w.topk, group, row_bytes, piece, pieces, evict, *slots)
    elif kind.startswith("scaled_v"):
        each = int(kind[8:])
        kernels.launch("pre_reorder_scaled_sm90", f"pre_reorder_scaled_{name}_v{each}", ceil(w.tokens * ceil(vectors, 32 * each), warps),
                       32 * warps, 0, w.hidden, w.out, vectors, w.tokens, w.topk, *slots, *w.scaling())
    elif kind == "scaled8":
        span = warps * 32 * 7
        kernels.launch("pre_reorder_scaled_sm90", f"pre_reorder_scaled8_{name}", w.tokens * ceil(vectors, span), 32 * warps,
                       w.topk * span * 8, w.hidden, w.out, vectors, w.topk, evict, *slots, *w.scaling())
    else:
        hidden = w.hidden.shape[1]
        piece = min(2048, ceil(hidden, 8) * 8)
        kernels.launch("pre_reorder", "pre_reorder_any", w.tokens * ceil(hidden, piece), min(256, ceil(piece // 8, 32) * 32),
                       8 * w.topk, w.hidden, CODES[w.hidden.dtype], w.out, CODES[w.out.dtype], hidden, piece, w.topk,
                       *slots, *w.scaling())


def choose(w, same, local, row_bytes, out_bytes):
    if w.topk > 32 or row_bytes % 16 or out_bytes % 16:
        return ("any", 8, 0)
    burst = local >= MOSTLY_STORES
    if w.mode == "none" and same:
        return ("bulk", 5, 1) if burst and w.out.nbytes >= 400e6 else ("copy", 4, 0)
    fp8 = w.out.dtype == torch.float8_e4m3fn
    if w.hidden.dtype not in NAMES or not (fp8 or same):
        return ("any", 8, 0)
    if w.mode == "none":
        return ("fp8", 5, 1) if burst else ("fp8", 1, 0)
    if fp8:
        return ("scaled8", 1, 1)
    return ("scaled_v14", 2, 0) if burst and row_bytes % 7168 == 0 else ("scaled_v4", 4, 0)


def zero_unnamed(kernels, w, rows_a_block):
    kernels.launch("pre_reorder", "zero_unnamed", ceil(w.out.shape[0], rows_a_block), 256, 0, w.out,
                   ctypes.c_longlong(w.out.shape[1] * w.out.element_size()), w.out.shape[0], rows_a_block, w.named)


def post_reorder(kernels, w, share, arithmetic=0, factor=1.0, variant=None):
    """w.hidden: the rows that src2dst names; w.out: a row a token."""
    row_bytes, local = w.hidden.shape[1] * w.hidden.element_size(), w.topk * share
    vectors, name = row_bytes // 16, NAMES[w.hidden.dtype]
    kind, warps = variant or post_choice(local)
    slots = w.slots(w.hidden.shape[0], False)
    if kind == "rows":
        kernels.launch("post_reorder", f"post_reorder_rows_{name}", ceil(w.tokens * ceil(vectors, 64), warps),
                       32 * warps, 0, w.hidden, w.out, vectors, w.tokens, w.topk, w.weights, arithmetic, factor, *slots)
    elif kind.startswith("bulk"):
        each = int(kind[-1])
        kernels.launch("post_reorder_sm90", f"post_reorder_bulk_{name}{'_fma' if arithmetic > 1 else ''}_v{each}",
                       w.tokens * ceil(row_bytes, each * 512), 32, 0, w.hidden, w.out, row_bytes, w.topk, w.weights,
                       arithmetic, factor, *slots)
    else:
        hidden = w.hidden.shape[1]
        piece = min(2048, ceil(hidden, 8) * 8)
        kernels.launch("post_reorder", "post_reorder_any", w.tokens * ceil(hidden, piece), min(256, ceil(piece // 8, 32) * 32),
                       8 * w.topk, w.hidden, w.out, CODES[w.hidden.dtype], hidden, piece, w.topk, w.weights, arithmetic, factor, *slots)


def post_choice(local):
    if local < 1:
        return ("rows", 4)
    return ("bulk_v7", 1) if local >= MOSTLY_STORES else ("bulk_v4", 1)
