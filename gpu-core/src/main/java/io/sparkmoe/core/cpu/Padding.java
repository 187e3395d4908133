package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;

/** moe_padding: blocks and padded slots at several block sizes from one count. */
final class Padding {
    private final int[] blockSizes;
    private final int smallest;
    private final Keys keys;
    private final long[] blocks;
    private long used;
    private int activeExperts;

    Padding(PaddingOptions options, Keys keys) {
        this.blockSizes = options.blockSizes();
        this.smallest = Arrays.stream(blockSizes).min().orElseThrow();
        this.keys = keys;
        this.blocks = new long[blockSizes.length];
    }

    PaddingResult run(RoutingBatch batch, Histogram histogram, ResultBuffers out) {
        Tally tally = new Tally(keys);
        int rows = batch.segments();
        int sizes = blockSizes.length;
        ListBuffer blockLists = out.equalLists(rows, 8, sizes, batch.firstRow(), "blocks");
        ListBuffer slotLists = out.equalLists(rows, 8, sizes, batch.firstRow(), "slots");
        ArrowBuf usedOut = out.take(8L * rows);
        ArrowBuf activeOut = out.take(4L * rows);
        for (int s = 0; s < rows; s++) {
            histogram.load(s);
            tally.add(batch, s, histogram);
            measure(histogram);
            for (int j = 0; j < sizes; j++) {
                long at = 8L * (s * (long) sizes + j);
                Memory.putLong(blockLists.values().memoryAddress() + at, blocks[j]);
                Memory.putLong(slotLists.values().memoryAddress() + at, blocks[j] * blockSizes[j]);
            }
            Memory.putLong(usedOut.memoryAddress() + 8L * s, used);
            Memory.putInt(activeOut.memoryAddress() + 4L * s, activeExperts);
        }
        return new PaddingResult(blockLists, slotLists, usedOut, activeOut, tally.counts());
    }

    /** Measures the segment that {@code histogram} holds. */
    void measure(Histogram histogram) {
        used = 0;
        activeExperts = 0;
        int inOneBlock = 0;
        Arrays.fill(blocks, 0);
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key < Keys.FIRST_BIN || key >= keys.above()) {
                continue;
            }
            int count = histogram.count(key);
            used += count;
            activeExperts++;
            // In a small segment no expert needs a second block, whatever the block size.
            if (count <= smallest) {
                inOneBlock++;
            } else {
                addBlocks(count);
            }
        }
        for (int j = 0; j < blocks.length; j++) {
            blocks[j] += inOneBlock;
        }
    }

    private void addBlocks(int count) {
        for (int j = 0; j < blockSizes.length; j++) {
            int b = blockSizes[j];
            blocks[j] += count <= b ? 1 : (count + (b - 1L)) / b;
        }
    }

    long blocks(int j) {
        return blocks[j];
    }

    long used() {
        return used;
    }

    int activeExperts() {
        return activeExperts;
    }
}
