package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** moe_silu_and_mul. */
final class SiluAndMul {
    private final TensorBatch gateup;
    private final RoutingBatch reorderTopkIds;
    private final SiluAndMulOptions options;
    private final TensorType type;
    private final Scales scales;
    private final Gate gate;
    private final Tile tile = new Tile();
    private int[] ids = new int[0];

    SiluAndMul(
            TensorBatch gateup, RoutingBatch reorderTopkIds, @Nullable TensorBatch scales, SiluAndMulOptions options) {
        this.gateup = gateup;
        this.reorderTopkIds = reorderTopkIds;
        this.options = options;
        this.scales = new Scales(scales, options.experts(), gateup.firstRow());
        type = gateup.type();
        gate = Gate.of(type);
    }

    TensorResult run(ResultBuffers out) {
        int segments = gateup.segments();
        ArrowBuf offsets = out.take(8L * (segments + 1));
        for (int s = 0; s <= segments; s++) {
            offsets.setLong(8L * s, (gateup.start(s) - gateup.start(0)) / 2);
        }
        HostTensor result = HostTensor.over(options.outType(), segments, offsets, gateup.firstRow(), out);
        TensorBatch to = result.host();
        for (int s = 0; s < segments; s++) {
            segment(s, to.address(s));
        }
        return result;
    }

    private void segment(int s, long to) {
        int n = reorderTopkIds.length(s);
        ids = ids.length < n ? new int[n] : ids;
        IdCodec.decode(reorderTopkIds.type(), reorderTopkIds.address(s), ids, 0, n);
        long outRow = (long) options.hiddenSize() / 2 * options.outType().bytes();
        long inRow = (long) options.hiddenSize() * type.bytes();
        for (int r = 0; r < n; r++) {
            if (options.experts().contains(ids[r])) {
                row(s, r, gateup.address(s) + r * inRow, to + r * outRow);
            } else {
                Memory.fill(to + r * outRow, outRow, (byte) 0);
            }
        }
        long rows = gateup.elements(s) / options.hiddenSize();
        Memory.fill(to + n * outRow, (rows - n) * outRow, (byte) 0);
    }

    private void row(int s, int r, long from, long to) {
        int half = options.hiddenSize() / 2;
        float factor = options.scaled() ? Rounding.to(type, scales.ofExpert(s, r, ids[r])) : 1;
        for (int h = 0; h < half; h += Tile.SIZE) {
            int count = Math.min(Tile.SIZE, half - h);
            tile.read(type, from + (long) (half + h) * type.bytes(), count);
            gate.multiply(from + (long) h * type.bytes(), tile, count);
            if (options.scaled() || options.outType() != type) {
                tile.round(type, count);
            }
            if (options.scaled()) {
                tile.scaled(tile, factor, count);
                tile.round(type, count);
            }
            tile.write(options.outType(), to + (long) h * options.outType().bytes(), count);
        }
    }
}
