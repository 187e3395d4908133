package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;

/** Operands that do not fit: every message says where and what, nothing stays allocated, and the backend goes on. */
final class ReorderErrorContract {
    private static final String MADE_OF = ". Pass topk_ids and the src2dst that moe_ep_preprocess made of them.";

    private final ReorderBackend backend;

    ReorderErrorContract(ReorderBackend backend) {
        this.backend = backend;
    }

    private enum Operator {
        PRE,
        POST,
        SILU
    }

    /** Runs an operator on rows 40 and 41 (1 and 2 tokens, topk 2, hidden_size 4) and then closes its result. */
    private void run(Operator operator, ReorderOperands o, BufferAllocator allocator) {
        try (ReorderArena arena = new ReorderArena(40, 1)) {
            switch (operator) {
                case PRE -> o.pre(backend, arena, allocator).close();
                case POST -> o.post(backend, arena, allocator).close();
                case SILU -> o.silu(backend, arena, allocator).close();
            }
        }
    }

    private ReorderContract.Check refused(Operator operator, String message, Consumer<ReorderOperands> change) {
        return new ReorderContract.Check(operator + ": " + message, () -> {
            ReorderOperands bad = new ReorderOperands(operator == Operator.POST);
            change.accept(bad);
            try (ReorderArena arena = new ReorderArena(0, 0)) {
                Throwable thrown = catchThrowable(() -> run(operator, bad, arena.results));
                assertThat(thrown).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
                if (thrown instanceof MalformedRoutingException m) {
                    assertThat(message)
                            .startsWith("row " + m.row() + (m.position() < 0 ? ":" : ", position " + m.position()));
                } else {
                    assertThat(message).doesNotStartWith("row");
                }
                run(operator, new ReorderOperands(operator == Operator.POST), arena.results);
            }
        });
    }

    Stream<ReorderContract.Check> all() {
        return Stream.of(shapes(), rows(), scales(), types(), silu()).flatMap(List::stream);
    }

    private List<ReorderContract.Check> shapes() {
        return List.of(
                refused(
                        Operator.PRE,
                        "row 41: hidden has 7 elements, not a multiple of hidden_size 4.",
                        o -> o.rows.set(1, new int[7])),
                refused(
                        Operator.PRE,
                        "row 41: topk_ids has 3 ids but num_tokens 2 * topk 2 is 4.",
                        o -> o.topkIds.set(1, new int[3])),
                refused(
                        Operator.PRE,
                        "row 40: src2dst has 1 entries but topk_ids 2: it needs one an id.",
                        o -> o.src2dst.set(0, new int[1])),
                refused(
                        Operator.POST,
                        "row 41: down_output has 15 elements, not a multiple of hidden_size 4.",
                        o -> o.rows.set(1, new int[15])),
                refused(
                        Operator.POST,
                        "row 40: topk_ids has 3 ids, not a multiple of topk 2.",
                        o -> o.topkIds.set(0, new int[3])),
                refused(
                        Operator.POST,
                        "row 41: topk_weights has 5 entries but topk_ids 4: it needs one an id.",
                        o -> o.weights.set(1, new float[5])),
                refused(Operator.PRE, "topk_ids has 1 segments but the activations have 2", o -> o.topkIds.remove(1)),
                refused(
                        Operator.POST,
                        "topk_weights has 1 segments but the activations have 2",
                        o -> o.weights.remove(1)));
    }

    /** Only selected slots count: the other slots of these rows name the same, or rows far away. */
    private List<ReorderContract.Check> rows() {
        return List.of(
                refused(
                        Operator.PRE,
                        "row 41, position 2: src2dst 4 names no row of the result, which has 4" + MADE_OF,
                        o -> o.src2dst.set(1, new int[] {0, 1, 4, 2})),
                refused(
                        Operator.POST,
                        "row 40, position 1: src2dst 2147483647 names no row of down_output, which has 2" + MADE_OF,
                        o -> o.src2dst.set(0, new int[] {0, Integer.MAX_VALUE})),
                refused(
                        Operator.PRE,
                        "row 41, position 3: src2dst 1 is the selected slot's at position 1 too" + MADE_OF,
                        o -> o.src2dst.set(1, new int[] {3, 1, 2, 1})),
                refused(
                        Operator.POST,
                        "row 40, position 1: src2dst 0 is the selected slot's at position 0 too" + MADE_OF,
                        o -> o.src2dst.set(0, new int[] {0, 0})));
    }

    private static Consumer<ReorderOperands> scaled(ScaleMode mode, float[]... scales) {
        return o -> {
            o.scaleMode = mode;
            o.scales = List.of(scales);
        };
    }

    private List<ReorderContract.Check> scales() {
        float[] eight = {1, 1, 1, 1, 1, 1, 1, 1};
        List<ReorderContract.Check> all = new ArrayList<>();
        for (float bad : new float[] {0, -0f, -1.5f, Float.POSITIVE_INFINITY, Float.NaN}) {
            all.add(refused(
                    Operator.PRE,
                    "row 41, position 1: scale " + bad + ". Scales divide: they must be positive and finite.",
                    scaled(ScaleMode.PER_TOKEN, new float[] {1}, new float[] {1, bad})));
        }
        all.add(refused(
                Operator.PRE,
                "row 41: there are 1 scales for 2 tokens: pass one for each.",
                scaled(ScaleMode.PER_TOKEN, new float[1], new float[1])));
        all.add(refused(
                Operator.PRE,
                "row 40: there are 2 scales for the segment: pass one.",
                scaled(ScaleMode.SCALAR, new float[] {1, 1})));
        all.add(refused(
                Operator.PRE,
                "row 40: there are 3 scales for 4 experts from start_expert to end_expert: pass one for each.",
                o -> {
                    scaled(ScaleMode.PER_EXPERT, new float[] {1, 1, 1}).accept(o);
                    o.experts(2, 5);
                }));
        all.add(refused(
                Operator.PRE,
                "row 41, position 3: expert id 7 has no scale: there are 3, from start_expert 0 on. Pass a scale for every "
                        + "expert, or end_expert.",
                o -> {
                    scaled(ScaleMode.PER_EXPERT, new float[] {1, 1, 1}).accept(o);
                    o.topkIds.set(1, new int[] {0, 1, 2, 7});
                }));
        all.add(refused(
                Operator.PRE,
                "scales has 3 segments but the activations have 2",
                scaled(ScaleMode.PER_EXPERT, eight, eight, eight)));
        all.add(refused(
                Operator.PRE, "there are scales, but scale_mode asks for none", o -> o.scales = List.of(eight)));
        all.add(refused(
                Operator.PRE, "scale_mode asks for scales, and there are none", o -> o.scaleMode = ScaleMode.SCALAR));
        return all;
    }

    private List<ReorderContract.Check> types() {
        List<ReorderContract.Check> all = new ArrayList<>();
        all.add(refused(
                Operator.PRE,
                "hidden is fp8_e4m3fn, which is a type of results; pass fp32, fp16 or bf16",
                o -> o.type = TensorType.FP8_E4M3FN));
        all.add(refused(Operator.PRE, "src2dst must be int32, got INT16", o -> o.src2dstType = IdType.INT16));
        all.add(refused(Operator.POST, "topk_weights must be fp32, got fp16", o -> o.weightType = TensorType.FP16));
        for (Arithmetic a : List.of(Arithmetic.W16, Arithmetic.FMA16, Arithmetic.FMA16_SCALED)) {
            all.add(refused(
                    Operator.POST,
                    "down_output is fp32, and arithmetic => '" + a.toString().toLowerCase(Locale.ROOT)
                            + "' rounds to 16 bits: pass fp16 or bf16, or arithmetic => 'fp32'",
                    o -> {
                        o.type = TensorType.FP32;
                        o.arithmetic = a;
                    }));
        }
        return all;
    }

    private List<ReorderContract.Check> silu() {
        return List.of(
                refused(
                        Operator.SILU,
                        "row 41: gateup_output has 9 elements, not a multiple of hidden_size 4.",
                        o -> o.rows.set(1, new int[9])),
                refused(
                        Operator.SILU,
                        "row 40: reorder_topk_ids has 2 ids but gateup_output 1 rows of hidden_size 4 (gate and up together).",
                        o -> o.reorderTopkIds.set(0, new int[2])),
                refused(
                        Operator.SILU,
                        "row 41: there are 1 scales for 4 experts from start_expert to end_expert: pass one for each.",
                        o -> {
                            o.scales = List.of(new float[4], new float[1]);
                            o.experts(2, 5);
                        }),
                refused(
                        Operator.SILU,
                        "row 41, position 1: expert id 3 has no scale: there are 2, from start_expert 0 on. Pass a scale for "
                                + "every expert, or end_expert.",
                        o -> o.scales = List.of(new float[] {1, 1})),
                refused(
                        Operator.SILU,
                        "gateup_output is fp8_e4m3fn, which is a type of results; pass fp32, fp16 or bf16",
                        o -> o.type = TensorType.FP8_E4M3FN));
    }

    void topk() {
        try (ReorderArena arena = new ReorderArena(40, 0)) {
            Throwable thrown = catchThrowable(() -> backend.topk(
                            arena.tensor(TensorType.FP16, List.of(new int[8], new int[9])),
                            TopkOptions.of(8, 2),
                            arena.results)
                    .close());
            assertThat(thrown)
                    .isInstanceOf(MalformedRoutingException.class)
                    .hasMessage("row 41: router_logits has 9 elements, not a multiple of num_experts 8.");
        }
    }

    /** Memory may run out at any allocation. */
    void outOfMemory() {
        for (Operator operator : Operator.values()) {
            ReorderOperands large = new ReorderOperands(operator == Operator.POST);
            large.repeat(4000);
            outOfMemory(allocator -> run(operator, large, allocator));
        }
        try (ReorderArena arena = new ReorderArena(40, 0)) {
            var logits = arena.tensor(TensorType.FP16, List.of(new int[8 * 4000]));
            outOfMemory(a -> backend.topk(logits, TopkOptions.of(8, 2), a).close());
        }
    }

    private static void outOfMemory(Consumer<BufferAllocator> operator) {
        boolean failed = false;
        boolean succeeded = false;
        try (ReorderArena arena = new ReorderArena(0, 0)) {
            for (long limit = 1; !succeeded; limit *= 2) {
                try (BufferAllocator allocator = arena.results.newChildAllocator("limited", 0, limit)) {
                    operator.accept(allocator);
                    succeeded = true;
                } catch (OutOfMemoryException e) {
                    failed = true;
                }
            }
        }
        assertThat(failed).isTrue();
    }
}
