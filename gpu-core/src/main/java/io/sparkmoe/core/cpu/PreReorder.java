package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/**
 * moe_pre_reorder. A token's row is read once and written for each selected slot while it is in the cache; rows of tokens
 * without a selected slot are not touched.
 */
final class PreReorder {
    private final TensorBatch hidden;
    private final RoutingBatch topkIds;
    private final PreReorderOptions options;
    private final Selection selection;
    private final Scales scales;
    private final boolean copies;
    private final Tile tile = new Tile();
    private final Tile scaled = new Tile();
    private final long inRow;
    private final long outRow;

    PreReorder(
            TensorBatch hidden,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            @Nullable TensorBatch scales,
            PreReorderOptions options) {
        this.hidden = hidden;
        this.topkIds = topkIds;
        this.options = options;
        selection = new Selection(topkIds, src2dst, options.experts(), "the result");
        this.scales = new Scales(scales, options.experts(), hidden.firstRow());
        copies = options.scaleMode() == ScaleMode.NONE && hidden.type() == options.outType();
        inRow = (long) options.hiddenSize() * hidden.type().bytes();
        outRow = (long) options.hiddenSize() * options.outType().bytes();
    }

    TensorResult run(ResultBuffers out) {
        int segments = hidden.segments();
        ArrowBuf offsets = out.take(8L * (segments + 1));
        for (int s = 0; s <= segments; s++) {
            offsets.setLong(8L * s, (topkIds.start(s) - (long) topkIds.start(0)) * options.hiddenSize());
        }
        HostTensor result = HostTensor.over(options.outType(), segments, offsets, hidden.firstRow(), out);
        TensorBatch to = result.host();
        for (int s = 0; s < segments; s++) {
            segment(s, to.address(s));
        }
        return result;
    }

    private void segment(int s, long to) {
        int n = topkIds.length(s);
        selection.load(s, n);
        long from = hidden.address(s);
        for (int i = 0; i < n; i += options.topk(), from += inRow) {
            if (copies) {
                copy(i, from, to);
            } else {
                convert(s, i, from, to);
            }
        }
        for (int row = selection.next(false, 0, n); row < n; ) {
            int end = selection.next(true, row, n);
            Memory.fill(to + row * outRow, (end - row) * outRow, (byte) 0);
            row = selection.next(false, end, n);
        }
    }

    private void copy(int firstSlot, long from, long to) {
        for (int k = 0; k < options.topk(); k++) {
            int row = selection.row(firstSlot + k);
            if (row >= 0) {
                Memory.copy(from, to + row * outRow, outRow);
            }
        }
    }

    /** Piece by piece, so that a piece is converted once where its slots have one scale. */
    private void convert(int s, int firstSlot, long from, long to) {
        int first = 0;
        while (first < options.topk() && selection.row(firstSlot + first) < 0) {
            first++;
        }
        if (first == options.topk()) {
            return;
        }
        TensorType in = hidden.type();
        TensorType type = options.outType();
        for (int h = 0; h < options.hiddenSize(); h += Tile.SIZE) {
            int count = Math.min(Tile.SIZE, options.hiddenSize() - h);
            tile.read(in, from + (long) h * in.bytes(), count);
            long at = to + (long) h * type.bytes();
            long written = at + selection.row(firstSlot + first) * outRow;
            write(factor(s, firstSlot + first), written, count);
            for (int i = firstSlot + first + 1; i < firstSlot + options.topk(); i++) {
                if (selection.row(i) >= 0) {
                    another(s, i, at + selection.row(i) * outRow, written, count);
                }
            }
        }
    }

    private void another(int s, int slot, long to, long written, int count) {
        if (options.scaleMode() == ScaleMode.PER_EXPERT) {
            write(factor(s, slot), to, count);
        } else {
            Memory.copy(written, to, (long) count * options.outType().bytes());
        }
    }

    private void write(float factor, long to, int count) {
        scaled.scaled(tile, factor, count);
        scaled.write(options.outType(), to, count);
    }

    private float factor(int s, int slot) {
        return switch (options.scaleMode()) {
            case NONE -> 1;
            case SCALAR -> scales.reciprocal(s, 0);
            case PER_TOKEN -> scales.reciprocal(s, slot / options.topk());
            case PER_EXPERT -> scales.ofExpert(s, slot, selection.id(slot));
        };
    }
}
