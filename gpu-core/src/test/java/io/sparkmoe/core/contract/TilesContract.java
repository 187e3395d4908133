package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.TilesResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** The tile schedule, and batched align on random batches, against the definition. */
final class TilesContract {
    private final RoutingBackend backend;

    TilesContract(RoutingBackend backend) {
        this.backend = backend;
    }

    private static void with(List<long[]> lists, BiConsumer<ListBuffer, BufferAllocator> check) {
        int total = lists.stream().mapToInt(l -> l.length).sum();
        try (BufferAllocator allocator = new RootAllocator();
                ArrowBuf offsets = allocator.buffer(4L * (lists.size() + 1L));
                ArrowBuf values = allocator.buffer(8L * total)) {
            int at = 0;
            offsets.setInt(0, 0);
            for (int s = 0; s < lists.size(); s++) {
                for (long v : lists.get(s)) {
                    values.setLong(8L * at++, v);
                }
                offsets.setInt(4L * (s + 1L), at);
            }
            check.accept(new ListBuffer(lists.size(), 8, offsets, values), allocator);
        }
    }

    void tiles(long seed) {
        Random random = new Random(seed);
        List<long[]> lists = new ArrayList<>(List.of(new long[] {0}, new long[] {5, 5, 5}));
        for (int s = 0; s < 5; s++) {
            long[] seg = new long[1 + random.nextInt(70)];
            seg[0] = random.nextInt(3);
            for (int e = 1; e < seg.length; e++) {
                seg[e] = seg[e - 1] + random.nextInt(3) * (long) random.nextInt(300);
            }
            lists.add(seg);
        }
        // Row numbers beyond 32 bits.
        lists.add(new long[] {1L << 40, (1L << 40) + 100});
        lists.add(new long[] {Long.MAX_VALUE - 300, Long.MAX_VALUE - 299, Long.MAX_VALUE - 256});
        for (int blockM : RandomRouting.BLOCK_SIZES) {
            with(lists, (seg, allocator) -> {
                try (TilesResult r = backend.groupedGemmTiles(seg, 0, blockM, allocator)) {
                    for (int s = 0; s < lists.size(); s++) {
                        compare(r, s, lists.get(s), blockM);
                    }
                }
            });
        }
    }

    private static void compare(TilesResult r, int s, long[] seg, int blockM) {
        List<long[]> tiles = new ArrayList<>();
        long[] indptr = new long[seg.length];
        for (int e = 0; e + 1 < seg.length; e++) {
            for (long row = seg[e]; row < seg[e + 1]; row += blockM) {
                tiles.add(new long[] {e, row, Math.min(row + blockM, seg[e + 1])});
            }
            indptr[e + 1] = tiles.size();
        }
        assertThat(r.mNumTilesIndptr().longs(s)).isEqualTo(indptr);
        assertThat(r.tileExpert().ints(s))
                .isEqualTo(tiles.stream().mapToInt(t -> (int) t[0]).toArray());
        assertThat(r.tileRowStart().longs(s))
                .isEqualTo(tiles.stream().mapToLong(t -> t[1]).toArray());
        assertThat(r.tileRowEnd().longs(s))
                .isEqualTo(tiles.stream().mapToLong(t -> t[2]).toArray());
    }

    private void refused(List<long[]> lists, int blockM, String message) {
        with(
                lists,
                (seg, allocator) -> assertThatThrownBy(() -> backend.groupedGemmTiles(seg, 70, blockM, allocator))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage(message));
    }

    void errors() {
        refused(
                List.of(new long[] {0}, new long[] {0, 4, 3}),
                16,
                "row 71, position 2: seg_indptr 3 is below 4. Entries start at 0 or more and never descend.");
        refused(
                List.of(new long[] {-1, 4}),
                16,
                "row 70, position 0: seg_indptr -1 is below 0. Entries start at 0 or more and never descend.");
        refused(
                List.of(new long[] {0}, new long[0]),
                16,
                "row 71: seg_indptr is empty; it needs num_experts + 1 entries.");
        refused(List.of(new long[] {0}), 0, "block_m must be at least 1, got 0");
        with(
                List.of(new long[] {0, 1L << 40}),
                (seg, allocator) -> assertThatThrownBy(() -> backend.groupedGemmTiles(seg, 70, 1, allocator))
                        .isInstanceOf(MalformedRoutingException.class)
                        .hasMessageStartingWith("row 70: tile_expert would have 1099511627776 elements"));
    }

    void batchedAlign(long seed) {
        Random random = new Random(seed);
        int maxTokens = random.nextInt(300);
        int blockSize = RandomRouting.BLOCK_SIZES[random.nextInt(5)];
        List<int[]> segments = new ArrayList<>(List.of(new int[0], new int[3]));
        for (int s = 0; s < 4; s++) {
            segments.add(random.ints(random.nextInt(40), 0, maxTokens + 1).toArray());
        }
        Routing routing = Routing.of(1, segments.toArray(new int[0][]));
        routing.runAsSlice((batch, allocator) -> {
            BatchedAlignOptions options = new BatchedAlignOptions(maxTokens, blockSize);
            try (AlignResult r = backend.batchedAlign(batch, options, allocator)) {
                for (int s = 0; s < segments.size(); s++) {
                    List<Integer> sorted = new ArrayList<>();
                    List<Integer> blocks = new ArrayList<>();
                    batched(segments.get(s), maxTokens, blockSize, sorted, blocks);
                    assertThat(r.sortedTokenIds().ints(s)).isEqualTo(Naive.ints(sorted));
                    assertThat(r.expertIds().ints(s)).isEqualTo(Naive.ints(blocks));
                    assertThat(r.numTokensPostPad().getInt(4L * s)).isEqualTo(sorted.size());
                }
                assertThat(r.counts().ids())
                        .isEqualTo(segments.stream().mapToLong(i -> i.length).sum());
            }
        });
    }

    private static void batched(
            int[] tokens, int maxTokens, int blockSize, List<Integer> sorted, List<Integer> blocks) {
        for (int b = 0; b < tokens.length; b++) {
            for (int i = 0; i < tokens[b]; i++) {
                sorted.add(b * maxTokens + i);
            }
            while (sorted.size() % blockSize != 0) {
                sorted.add(tokens.length * maxTokens);
            }
            while (blocks.size() < sorted.size() / blockSize) {
                blocks.add(b);
            }
        }
        assertThat(Arrays.stream(tokens).sum()).isLessThanOrEqualTo(sorted.size());
    }
}
