package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Random;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** A batch in memory of its own. */
record MixedBatch(RoutingBatchBuilder builder, RoutingBatch batch) implements AutoCloseable {
    /** Ids a token; every segment has whole tokens. */
    static final int TOPK = 8;

    /** Segments of those lengths, with masked ids and ids out of range here and there. */
    static MixedBatch of(long seed, IdType type, BufferAllocator allocator, int... lengths) {
        return of(seed, type, Answers.EXPERTS, 50, allocator, lengths);
    }

    /** Segments of those lengths, of ids that are all in range. */
    static MixedBatch clean(long seed, IdType type, BufferAllocator allocator, int... lengths) {
        return of(seed, type, Answers.EXPERTS, 0, allocator, lengths);
    }

    /** As {@link #of}, with more experts. */
    static MixedBatch ofExperts(int experts, long seed, IdType type, BufferAllocator allocator, int... lengths) {
        return of(seed, type, experts, 50, allocator, lengths);
    }

    private static MixedBatch of(
            long seed, IdType type, int experts, int oneOutOf, BufferAllocator allocator, int... lengths) {
        Random random = new Random(seed);
        RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator);
        builder.reset(type, 0);
        for (int n : lengths) {
            int[] ids = new int[n];
            for (int i = 0; i < n; i++) {
                boolean out = oneOutOf > 0 && random.nextInt(oneOutOf) == 0;
                ids[i] = !out ? random.nextInt(experts) : type.masks() ? -1 : experts + 3;
            }
            IdCodec.encode(type, ids, 0, n, builder.reserve(n));
            builder.endSegment(n);
        }
        return new MixedBatch(builder, builder.build());
    }

    /** Lengths of every regime: none, a token, a block's, a large one, and many short ones. */
    static int[] lengths(long seed) {
        Random random = new Random(seed);
        int[] lengths = new int[400];
        for (int s = 0; s < lengths.length; s++) {
            lengths[s] = TOPK * random.nextInt(20);
        }
        lengths[3] = TOPK * 3000;
        lengths[200] = TOPK * 9000;
        lengths[399] = TOPK * random.nextInt(700);
        return lengths;
    }

    /** Numbers of tokens in [0, EXPERTS] made of the ids, as batched align takes them. */
    static MixedBatch tokens(RoutingBatch of, BufferAllocator allocator) {
        RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator);
        builder.reset(IdType.INT32, 0);
        for (int s = 0; s < of.segments(); s++) {
            int[] tokens = new int[of.length(s)];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = Math.floorMod(of.id(of.start(s) + (long) i), Answers.EXPERTS);
            }
            IdCodec.encode(IdType.INT32, tokens, 0, tokens.length, builder.reserve(tokens.length));
            builder.endSegment(tokens.length);
        }
        return new MixedBatch(builder, builder.build());
    }

    /** Every segment at so many layers: the same ids, moved on by the layer's number. */
    static MixedBatch layered(RoutingBatch of, int layers, BufferAllocator allocator) {
        RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator);
        builder.reset(of.type(), of.firstRow());
        for (int s = 0; s < of.segments(); s++) {
            int n = of.length(s);
            for (int layer = 0; layer < layers; layer++) {
                int[] ids = new int[n];
                for (int i = 0; i < n; i++) {
                    ids[i] = of.id(of.start(s) + (long) (i + layer) % n);
                }
                IdCodec.encode(of.type(), ids, 0, n, builder.reserve(n));
                builder.endSegment(n);
            }
        }
        return new MixedBatch(builder, builder.build());
    }

    /** Ascending lists made of the ids, as grouped GEMM tiles take them. */
    static ListBuffer indptr(RoutingBatch of, BufferAllocator allocator) {
        ArrowBuf offsets = allocator.buffer(4L * (of.segments() + 1L));
        ArrowBuf values = allocator.buffer(8L * (of.totalIds() + of.segments()));
        int at = 0;
        offsets.setInt(0, 0);
        for (int s = 0; s < of.segments(); s++) {
            long row = 0;
            values.setLong(8L * at++, row);
            for (int i = 0; i < of.length(s); i++) {
                row += Math.floorMod(of.id(of.start(s) + (long) i), Answers.EXPERTS);
                values.setLong(8L * at++, row);
            }
            offsets.setInt(4L * (s + 1L), at);
        }
        return new ListBuffer(of.segments(), 8, offsets, values);
    }

    @Override
    public void close() {
        builder.close();
    }
}
