package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;

/** moe_post_reorder, a piece of a token's row at a time. */
final class PostReorder {
    private final TensorBatch down;
    private final RoutingBatch topkIds;
    private final TensorBatch weights;
    private final PostReorderOptions options;
    private final TensorType type;
    private final Selection selection;
    private final boolean fused;
    private final Fma16 fma;
    private final Tile tile = new Tile();
    private final Tile sum = new Tile();
    private final int[] rows;
    private final float[] factors;
    private final long rowBytes;

    PostReorder(
            TensorBatch down,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            TensorBatch weights,
            PostReorderOptions options) {
        this.down = down;
        this.topkIds = topkIds;
        this.weights = weights;
        this.options = options;
        type = down.type();
        selection = new Selection(topkIds, src2dst, options.experts(), "down_output");
        fused = options.arithmetic() == Arithmetic.FMA16 || options.arithmetic() == Arithmetic.FMA16_SCALED;
        fma = Fma16.of(type);
        rows = new int[options.topk()];
        factors = new float[options.topk()];
        rowBytes = (long) options.hiddenSize() * type.bytes();
    }

    TensorResult run(ResultBuffers out) {
        int segments = down.segments();
        ArrowBuf offsets = out.take(8L * (segments + 1));
        for (int s = 0; s <= segments; s++) {
            long slots = topkIds.start(s) - (long) topkIds.start(0);
            offsets.setLong(8L * s, slots / options.topk() * options.hiddenSize());
        }
        HostTensor result = HostTensor.over(type, segments, offsets, down.firstRow(), out);
        TensorBatch to = result.host();
        for (int s = 0; s < segments; s++) {
            segment(s, to.address(s));
        }
        return result;
    }

    private void segment(int s, long to) {
        int n = topkIds.length(s);
        selection.load(s, down.elements(s) / options.hiddenSize());
        long at = to;
        for (int i = 0; i < n; i += options.topk(), at += rowBytes) {
            int selected = gather(s, i);
            if (selected == 0) {
                Memory.fill(at, rowBytes, (byte) 0);
            } else {
                token(down.address(s), selected, at);
            }
        }
    }

    /** The rows and weights of a token's selected slots; returns their number. */
    private int gather(int s, int firstSlot) {
        int selected = 0;
        for (int i = firstSlot; i < firstSlot + options.topk(); i++) {
            if (selection.row(i) >= 0) {
                rows[selected] = selection.row(i);
                factors[selected++] = factor(weights.value(weights.start(s) + i));
            }
        }
        return selected;
    }

    private float factor(float weight) {
        return switch (options.arithmetic()) {
            case FP32 -> weight;
            case W16, FMA16 -> rounded(weight);
            case FMA16_SCALED -> rounded(rounded(weight) * options.routedScalingFactor());
        };
    }

    private float rounded(float v) {
        return Rounding.to(type, v);
    }

    private void token(long from, int selected, long to) {
        for (int h = 0; h < options.hiddenSize(); h += Tile.SIZE) {
            int count = Math.min(Tile.SIZE, options.hiddenSize() - h);
            long shift = (long) h * type.bytes();
            if (fused) {
                fuse(from + shift, selected, count);
            } else {
                add(from + shift, selected, count);
            }
            sum.write(type, to + shift, count);
        }
    }

    private void add(long from, int selected, int count) {
        sum.clear(count);
        for (int k = 0; k < selected; k++) {
            tile.read(type, from + rows[k] * rowBytes, count);
            sum.add(factors[k], tile, count);
        }
        sum.scaled(sum, options.routedScalingFactor(), count);
    }

    private void fuse(long from, int selected, int count) {
        int half = Tile.half(count);
        sum.clear(count);
        for (int k = 0; k < selected; k++) {
            tile.read(type, from + rows[k] * rowBytes, count);
            fuse(factors[k], tile.even.values, sum.even.values, half);
            fuse(factors[k], tile.odd.values, sum.odd.values, half);
        }
    }

    private void fuse(float factor, float[] values, float[] sums, int n) {
        for (int i = 0; i < n; i++) {
            sums[i] = (float) fma.apply(factor, values[i], sums[i]);
        }
    }
}
