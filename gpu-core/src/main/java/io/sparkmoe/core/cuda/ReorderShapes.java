package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.TensorType;

/** Which reorder kernel serves which work, and its launch, as data; src/main/cuda/README.md gives the kernels' side. */
final class ReorderShapes {
    /** Values that a block of the kernels for all shapes takes. */
    static final int PIECE = 2048;

    /** Most slots of a token where a lane takes one. */
    static final int LANES = 32;

    /** Vectors of 16 bytes that a lane of scaled8 takes. */
    static final int SCALED8_VECTORS = 7;

    private static final int COPY_VECTORS = 8;
    private static final int SCALED_VECTORS = 4;
    private static final int WIDE_VECTORS = 14;
    private static final int WIDE_WARPS = 2;
    private static final int ROWS_VECTORS = 2;
    private static final int WARPS = 4;

    /** Three blocks fill a multiprocessor, which then reads for a while and writes for a while. */
    private static final int BURST_WARPS = 5;

    private static final long BURST_BYTES = 400_000_000;

    /** Selected slots a token from which on the stores outweigh the loads by far. */
    private static final double MOSTLY_STORES = 4;

    private static final int MOST_PIECE_BYTES = 3584;

    private ReorderShapes() {}

    /** A kernel of pre_reorder. */
    enum Pre {
        ANY,
        COPY,
        BULK,
        TO_FP8,
        SCALED,
        SCALED_WIDE,
        SCALED_TO_FP8
    }

    /**
     * What decides.
     *
     * @param aligned whether rows begin at multiples of 16 bytes on both sides
     * @param local selected slots a token, about
     * @param bulk whether the device has bulk copies (compute capability 9.0)
     */
    record Work(
            TensorType in,
            TensorType out,
            int hidden,
            int topk,
            long tokens,
            boolean scaled,
            boolean aligned,
            double local,
            boolean bulk) {
        int rowBytes() {
            return hidden * in.bytes();
        }

        int vectors() {
            return rowBytes() / 16;
        }

        private boolean wide() {
            return in == TensorType.FP16 || in == TensorType.BF16;
        }
    }

    static boolean aligned(long in, long inRow, long out, long outRow) {
        return ((in | inRow | out | outRow) & 15) == 0;
    }

    static Pre pre(Work w) {
        if (!w.aligned || w.topk > LANES) {
            return Pre.ANY;
        }
        boolean fp8 = w.out == TensorType.FP8_E4M3FN;
        if (w.in == w.out && !w.scaled) {
            boolean large = w.tokens * w.topk * w.rowBytes() >= BURST_BYTES;
            return w.bulk && large && w.local >= MOSTLY_STORES ? Pre.BULK : Pre.COPY;
        }
        if (!w.bulk || !w.wide() || !(fp8 || w.in == w.out)) {
            return Pre.ANY;
        }
        if (fp8) {
            return w.scaled ? Pre.SCALED_TO_FP8 : Pre.TO_FP8;
        }
        boolean wide = w.local >= MOSTLY_STORES && w.vectors() % (32 * WIDE_VECTORS) == 0;
        return wide ? Pre.SCALED_WIDE : Pre.SCALED;
    }

    /** Whether rows stored in bulk make way in the cache for rows still to be read. */
    static boolean evictFirst(Work w, Pre kernel) {
        return kernel == Pre.SCALED_TO_FP8 || w.local >= MOSTLY_STORES;
    }

    static LaunchConfig launch(Work w, Pre kernel) {
        return switch (kernel) {
            case ANY -> any(w.tokens, w.hidden, Math.multiplyExact(8, w.topk));
            case COPY -> warps(w.tokens * ceil(w.vectors(), 32 * COPY_VECTORS), WARPS, 0);
            case SCALED -> warps(w.tokens * ceil(w.vectors(), 32 * SCALED_VECTORS), WARPS, 0);
            case SCALED_WIDE -> warps(w.tokens * ceil(w.vectors(), 32 * WIDE_VECTORS), WIDE_WARPS, 0);
            case BULK, TO_FP8 -> {
                int warps = w.local >= MOSTLY_STORES ? BURST_WARPS : 1;
                long pieces = (long) ceil(w.tokens, group(w.topk)) * ceil(w.rowBytes(), pieceBytes(w.rowBytes()));
                yield warps(pieces, warps, warps * group(w.topk) * pieceBytes(w.rowBytes()));
            }
            case SCALED_TO_FP8 -> {
                int span = 32 * SCALED8_VECTORS;
                yield warps(w.tokens * ceil(w.vectors(), span), 1, 8 * span * w.topk);
            }
        };
    }

    /** Tokens of a warp that copies in bulk. */
    static int group(int topk) {
        return Math.min(4, LANES / topk);
    }

    /** Rows are cut into even pieces, multiples of 128 bytes. */
    static int pieceBytes(int rowBytes) {
        int pieces = ceil(rowBytes, MOST_PIECE_BYTES);
        return ceil(ceil(rowBytes, pieces), 128) * 128;
    }

    /** Rows that a block looks at to zero them: few where most are to be zeroed. */
    static int zeroedRows(double local, int topk) {
        return local * 2 > topk ? 8 : 1;
    }

    /** A kernel of post_reorder, by its name. */
    static String post(Work w, Arithmetic arithmetic) {
        if (!w.aligned || w.topk > LANES || !w.wide()) {
            return "post_reorder_any";
        }
        String type = w.in.sqlName();
        boolean in16Bits = arithmetic == Arithmetic.FMA16 || arithmetic == Arithmetic.FMA16_SCALED;
        if (in16Bits) {
            return w.bulk ? "post_reorder_bulk_" + type + "_fma_v7" : "post_reorder_any";
        }
        if (!w.bulk || w.local < 1) {
            return "post_reorder_rows_" + type;
        }
        return "post_reorder_bulk_" + type + (w.local >= MOSTLY_STORES ? "_v7" : "_v4");
    }

    static LaunchConfig launch(Work w, String kernel) {
        if (kernel.equals("post_reorder_any")) {
            return any(w.tokens, w.hidden, Math.multiplyExact(8, w.topk));
        }
        if (kernel.startsWith("post_reorder_rows")) {
            return warps(w.tokens * ceil(w.vectors(), 32 * ROWS_VECTORS), WARPS, 0);
        }
        int vectors = kernel.endsWith("7") ? 7 : 4;
        return warps(w.tokens * ceil(w.rowBytes(), vectors * 512L), 1, 0);
    }

    /** A block for each piece of each row. */
    static LaunchConfig any(long rows, int hidden, int shared) {
        int piece = piece(hidden);
        int threads = Math.min(256, ceil(piece / 8, 32) * 32);
        return LaunchConfig.of(Math.toIntExact(rows * ceil(hidden, piece)), threads, shared);
    }

    /** Pieces of all rows, as the kernels that cut them smallest do: 128 vectors of fp32. */
    static long pieces(long rows, int hidden) {
        return rows * (hidden / 256 + 1L);
    }

    static int piece(int hidden) {
        return hidden >= PIECE ? PIECE : ceil(hidden, 8) * 8;
    }

    private static LaunchConfig warps(long warps, int each, int shared) {
        return LaunchConfig.of(ceil(warps, each), 32 * each, shared);
    }

    static int ceil(long a, long b) {
        return Math.toIntExact((a + b - 1) / b);
    }
}
