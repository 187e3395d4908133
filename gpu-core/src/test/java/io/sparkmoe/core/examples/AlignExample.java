package io.sparkmoe.core.examples;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * moe_align_block_size without Spark: topk_ids in as int[], the kernel's metadata out as int[].
 *
 * <p>Needs on the class path: the core, Arrow's arrow-memory-core and one of its allocators (arrow-memory-netty); on
 * Java 17 and later also {@code --add-opens=java.base/java.nio=ALL-UNNAMED} for Arrow.
 */
public final class AlignExample {
    /**
     * What a fused-MoE kernel takes.
     *
     * @param sortedTokenIds flat indices by expert, each expert's padded to whole blocks with the number of ids
     * @param expertIds the expert of each block
     * @param numTokensPostPad length of sortedTokenIds
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Metadata(int[] sortedTokenIds, int[] expertIds, int numTokensPostPad) {}

    private AlignExample() {}

    /** Aligns the topk_ids of one pass: num_tokens * topk expert ids, token by token. */
    public static Metadata align(int[] topkIds, int numExperts, int blockSize) {
        RoutingBackends.Choice choice = RoutingBackends.open(RoutingBackends.Request.AUTO, false);
        try (RoutingBackend backend = choice.backend();
                BufferAllocator allocator = new RootAllocator();
                RoutingBatchBuilder batch = new RoutingBatchBuilder(allocator)) {
            batch.reset(IdType.INT32, 0);
            batch.addSegment(topkIds);
            AlignOptions options = new AlignOptions(IdOptions.of(numExperts), blockSize);
            try (AlignResult r = backend.align(batch.build(), options, allocator)) {
                return new Metadata(
                        r.sortedTokenIds().ints(0),
                        r.expertIds().ints(0),
                        r.numTokensPostPad().getInt(0));
            }
        }
    }

    /** Three tokens, two experts each, of four experts; blocks of four. */
    public static void main(String[] args) {
        Metadata m = align(new int[] {3, 1, 1, 0, 3, 1}, 4, 4);
        System.out.println("sorted_token_ids    " + Arrays.toString(m.sortedTokenIds()));
        System.out.println("expert_ids          " + Arrays.toString(m.expertIds()));
        System.out.println("num_tokens_post_pad " + m.numTokensPostPad());
    }
}
