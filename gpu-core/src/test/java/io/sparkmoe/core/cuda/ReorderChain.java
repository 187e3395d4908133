package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.Scoring;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** Seeded operands of one chain of reorder operators, and its steps as plain values. */
final class ReorderChain implements AutoCloseable {
    static final int TOPK = 4;
    static final int HIDDEN = 192;
    static final int EXPERTS = 16;

    private final BufferAllocator allocator;
    private final List<ArrowBuf> buffers = new ArrayList<>();
    private final Random random = new Random(5);
    private final int[] tokens;
    final TensorBatch hidden;
    final TensorBatch weights;
    final TensorBatch scales;
    final RoutingBatch ids;
    final RoutingBatch src2dst;

    /** @param tokens of each segment */
    ReorderChain(BufferAllocator allocator, int... tokens) {
        this.allocator = allocator;
        this.tokens = tokens;
        hidden = tensor(TensorType.FP16, HIDDEN);
        weights = tensor(TensorType.FP32, TOPK);
        ids = lists(false);
        src2dst = lists(true);
        ArrowBuf offsets = take(16);
        ArrowBuf values = take(4 * EXPERTS);
        offsets.setLong(0, 0);
        offsets.setLong(8, EXPERTS);
        for (int e = 0; e < EXPERTS; e++) {
            values.setFloat(4L * e, 0.5f + random.nextFloat());
        }
        scales = new TensorBatch(TensorType.FP32, 1, offsets.memoryAddress(), values.memoryAddress(), 0);
    }

    private ArrowBuf take(long bytes) {
        ArrowBuf buffer = allocator.buffer(bytes);
        buffers.add(buffer);
        return buffer;
    }

    private TensorBatch tensor(TensorType type, int perToken) {
        ArrowBuf offsets = take(8L * (tokens.length + 1L));
        offsets.setLong(0, 0);
        long n = 0;
        for (int s = 0; s < tokens.length; s++) {
            n += (long) tokens[s] * perToken;
            offsets.setLong(8L * (s + 1L), n);
        }
        ArrowBuf values = take(n * type.bytes());
        for (long i = 0; i < n; i++) {
            float value = random.nextFloat() - 0.4f;
            if (type == TensorType.FP32) {
                values.setFloat(4 * i, value);
            } else {
                values.setShort(2 * i, random.nextInt(0x7800));
            }
        }
        return new TensorBatch(type, tokens.length, offsets.memoryAddress(), values.memoryAddress(), 0);
    }

    private RoutingBatch lists(boolean permutations) {
        ArrowBuf offsets = take(4L * (tokens.length + 1L));
        offsets.setInt(0, 0);
        int n = 0;
        for (int s = 0; s < tokens.length; s++) {
            n += tokens[s] * TOPK;
            offsets.setInt(4L * (s + 1L), n);
        }
        ArrowBuf values = take(4L * n);
        int at = 0;
        for (int segment : tokens) {
            int length = segment * TOPK;
            for (int i = 0; i < length; i++) {
                // A prime that divides no length: a permutation.
                int value = permutations ? (int) (i * 7919L % length) : random.nextInt(EXPERTS);
                values.setInt(4L * at++, value);
            }
        }
        return new RoutingBatch(IdType.INT32, tokens.length, offsets.memoryAddress(), values.memoryAddress(), 0);
    }

    /** pre_reorder, silu_and_mul, post_reorder; each result goes through {@code link} to the next. */
    byte[] run(ReorderBackend backend, UnaryOperator<Activations> link) {
        try (TensorResult gateup = pre(backend);
                TensorResult down = silu(backend, link.apply(gateup));
                TensorResult out = post(backend, link.apply(down))) {
            return bytes(out);
        }
    }

    TensorResult pre(ReorderBackend backend) {
        ExpertRange range = new ExpertRange(0, EXPERTS - 3);
        PreReorderOptions options = new PreReorderOptions(TOPK, HIDDEN, ScaleMode.PER_EXPERT, range, TensorType.BF16);
        return backend.preReorder(hidden, ids, src2dst, scales, options, allocator);
    }

    TensorResult silu(ReorderBackend backend, Activations gateup) {
        return backend.siluAndMul(
                gateup, ids, scales, new SiluAndMulOptions(HIDDEN, true, ExpertRange.ALL, TensorType.FP16), allocator);
    }

    TensorResult post(ReorderBackend backend, Activations down) {
        return backend.postReorder(down, ids, src2dst, weights, PostReorderOptions.of(TOPK, HIDDEN / 2), allocator);
    }

    private TopkResult topk(ReorderBackend backend) {
        TopkOptions options = new TopkOptions(HIDDEN, 6, Scoring.SIGMOID, true, null, 8, 4, 2.5f);
        return backend.topk(hidden, options, allocator);
    }

    /** Each operator's result by name. */
    Map<String, List<Byte>> answers(ReorderBackend backend) {
        Map<String, List<Byte>> all = new LinkedHashMap<>();
        try (TensorResult gateup = pre(backend);
                TensorResult down = silu(backend, gateup);
                TensorResult out = post(backend, down);
                TopkResult topk = topk(backend)) {
            all.put("pre_reorder", boxed(bytes(gateup)));
            all.put("silu_and_mul", boxed(bytes(down)));
            all.put("post_reorder", boxed(bytes(out)));
            byte[] chosen = new byte[4 * topk.topkIds().totalElements()];
            topk.topkIds().values().getBytes(0, chosen);
            all.put("topk", boxed(chosen));
        }
        return all;
    }

    private static List<Byte> boxed(byte[] bytes) {
        List<Byte> out = new ArrayList<>(bytes.length);
        for (byte b : bytes) {
            out.add(b);
        }
        return out;
    }

    static byte[] bytes(TensorResult result) {
        TensorBatch host = result.host();
        byte[] bytes = new byte[(int) (host.totalElements() * host.type().bytes())];
        Memory.copyOut(host.address(0), bytes, Memory.BYTES, bytes.length);
        return bytes;
    }

    @Override
    public void close() {
        buffers.forEach(ArrowBuf::close);
    }
}
