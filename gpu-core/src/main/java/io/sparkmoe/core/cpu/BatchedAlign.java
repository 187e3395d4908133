package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;

/** vLLM's batched align: the lists hold tokens of each batch, not ids. */
final class BatchedAlign {
    private final RoutingBatch batch;
    private final int maxTokens;
    private final int blockSize;

    BatchedAlign(RoutingBatch expertNumTokens, BatchedAlignOptions options) {
        this.batch = expertNumTokens;
        this.maxTokens = options.maxTokensPerBatch();
        this.blockSize = options.blockSize();
    }

    AlignResult run(ResultBuffers out) {
        int rows = batch.segments();
        ArrowBuf sortedOffsets = out.offsets(rows);
        ArrowBuf blockOffsets = out.offsets(rows);
        ArrowBuf postPad = out.take(4L * rows);
        measure(sortedOffsets, blockOffsets, postPad);
        ListBuffer sorted = new ListBuffer(rows, 4, sortedOffsets, out.take(4L * sortedOffsets.getInt(4L * rows)));
        ListBuffer blocks = new ListBuffer(rows, 4, blockOffsets, out.take(4L * blockOffsets.getInt(4L * rows)));
        for (int s = 0; s < rows; s++) {
            write(
                    s,
                    sorted.values().memoryAddress() + 4L * sorted.start(s),
                    blocks.values().memoryAddress() + 4L * blocks.start(s));
        }
        return new AlignResult(sorted, blocks, postPad, new IdCounts(batch.totalIds(), 0, 0, 0));
    }

    private void measure(ArrowBuf sortedOffsets, ArrowBuf blockOffsets, ArrowBuf postPad) {
        long total = 0;
        for (int s = 0; s < batch.segments(); s++) {
            long row = batch.firstRow() + s;
            // The sentinel num_batches * max_tokens_per_batch has to fit int32 like every index below it.
            ResultBuffers.checkTotal(
                    batch.length(s) * (long) maxTokens,
                    batch.length(s) * (long) maxTokens,
                    row,
                    "num_batches * max_tokens_per_batch");
            long blocks = 0;
            for (int b = 0; b < batch.length(s); b++) {
                blocks += blocks(tokens(s, b));
            }
            long padded = blocks * blockSize;
            total += padded;
            ResultBuffers.checkTotal(total, padded, row, "sorted_token_ids");
            postPad.setInt(4L * s, (int) padded);
            sortedOffsets.setInt(4L * (s + 1L), (int) total);
            blockOffsets.setInt(4L * (s + 1L), (int) (total / blockSize));
        }
    }

    private void write(int s, long sorted, long blockIds) {
        int sentinel = batch.length(s) * maxTokens;
        for (int b = 0; b < batch.length(s); b++) {
            int count = tokens(s, b);
            int blocks = (int) blocks(count);
            for (int i = 0; i < count; i++) {
                Memory.putInt(sorted + 4L * i, b * maxTokens + i);
            }
            Fill.ints(sorted + 4L * count, sentinel, blocks * blockSize - count);
            Fill.ints(blockIds, b, blocks);
            sorted += 4L * blocks * blockSize;
            blockIds += 4L * blocks;
        }
    }

    private long blocks(int count) {
        return (count + (blockSize - 1L)) / blockSize;
    }

    private int tokens(int s, int b) {
        int count = batch.id(batch.start(s) + (long) b);
        if (count < 0 || count > maxTokens) {
            long row = batch.firstRow() + s;
            throw new MalformedRoutingException(
                    row,
                    b,
                    String.format(
                            "row %d, position %d: expert_num_tokens %d is outside [0, %d]. A batch holds at most "
                                    + "max_tokens_per_batch tokens.",
                            row, b, count, maxTokens));
        }
        return count;
    }
}
