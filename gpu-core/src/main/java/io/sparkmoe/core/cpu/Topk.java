package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** moe_topk, token by token. */
final class Topk {
    private final TensorBatch logits;
    private final TopkOptions options;
    private final int experts;
    private final int topk;
    private final float @Nullable [] bias;
    private final Scores scores;
    private final Tile tile = new Tile();
    private final float[] row;
    private final float[] biased;
    private final ExpertGroups groups;
    private final Largest largest;

    Topk(TensorBatch logits, TopkOptions options) {
        this.logits = logits;
        this.options = options;
        experts = options.numExperts();
        topk = options.topk();
        bias = options.correctionBias();
        scores = new Scores(options.scoring());
        row = new float[experts + 1];
        biased = bias == null ? row : new float[experts];
        groups = new ExpertGroups(options, bias != null);
        largest = new Largest(topk, experts);
    }

    TopkResult run(ResultBuffers out) {
        int segments = logits.segments();
        ArrowBuf offsets = out.offsets(segments);
        long total = 0;
        for (int s = 0; s < segments; s++) {
            long ofRow = logits.elements(s) / experts * topk;
            total += ofRow;
            ResultBuffers.checkTotal(total, ofRow, logits.firstRow() + s, "topk_ids");
            offsets.setInt(4L * (s + 1L), (int) total);
        }
        ArrowBuf again = out.take(4L * (segments + 1L));
        Memory.copy(offsets.memoryAddress(), again.memoryAddress(), 4L * (segments + 1L));
        ListBuffer ids = new ListBuffer(segments, 4, offsets, out.take(4 * total));
        ListBuffer weights = new ListBuffer(segments, 4, again, out.take(4 * total));
        long at = 0;
        for (int s = 0; s < segments; s++) {
            long tokens = logits.elements(s) / experts;
            for (long t = 0; t < tokens; t++, at += 4L * topk) {
                read(logits.address(s) + t * experts * logits.type().bytes());
                token(ids.values().memoryAddress() + at, weights.values().memoryAddress() + at);
            }
        }
        return new TopkResult(ids, weights);
    }

    private void read(long address) {
        for (int e = 0; e < experts; e += Tile.SIZE) {
            int count = Math.min(Tile.SIZE, experts - e);
            tile.read(logits.type(), address + (long) e * logits.type().bytes(), count);
            tile.copyTo(row, e, count);
        }
    }

    private void token(long idsAt, long weightsAt) {
        scores.use(row, experts);
        float[] b = bias;
        if (b != null) {
            for (int e = 0; e < experts; e++) {
                biased[e] = scores.score(row[e]) + b[e];
            }
        }
        largest.clear();
        groups.choose(biased);
        for (int g = 0; g < options.numExpertGroup(); g++) {
            if (groups.stays(g)) {
                largest.offer(biased, g * groups.size(), (g + 1) * groups.size());
            }
        }
        largest.sort();
        double sum = 1e-20;
        for (int k = 0; k < topk; k++) {
            sum += scores.score(row[largest.id(k)]);
        }
        for (int k = 0; k < topk; k++) {
            float score = scores.score(row[largest.id(k)]);
            float weight = options.renormalize() ? (float) (score / sum) : score;
            Memory.putInt(idsAt + 4L * k, largest.id(k));
            Memory.putInt(weightsAt + 4L * k, Conversions.fp32Bits(weight * options.routedScalingFactor()));
        }
    }
}
