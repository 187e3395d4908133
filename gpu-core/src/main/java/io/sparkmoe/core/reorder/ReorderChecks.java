package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What implementations check on the host before they begin: that types, numbers of segments and the shapes of each segment
 * fit, and that scales are positive and finite. Costs a look at the offsets and the scales, not at ids or activations.
 */
public final class ReorderChecks {
    private ReorderChecks() {}

    public static void preReorder(
            Activations hidden,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            @Nullable TensorBatch scales,
            PreReorderOptions options) {
        takes("hidden", hidden);
        int32("src2dst", src2dst);
        sameSegments(hidden, "topk_ids", topkIds.segments());
        sameSegments(hidden, "src2dst", src2dst.segments());
        scalesGiven(scales, options.scaleMode() != ScaleMode.NONE, "scale_mode");
        for (int s = 0; s < hidden.segments(); s++) {
            long tokens = rows("hidden", hidden, s, options.hiddenSize());
            slots(hidden, s, "num_tokens " + tokens, tokens, options.topk(), "topk_ids", topkIds.length(s));
            sameLength(hidden, s, "src2dst", src2dst.length(s), topkIds.length(s));
            if (scales != null && tokens > 0) {
                scaleCount(hidden, s, scales, options.scaleMode(), options.experts(), tokens);
            }
        }
        positiveScales(scales);
    }

    public static void postReorder(
            Activations downOutput,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            TensorBatch topkWeights,
            PostReorderOptions options) {
        takes("down_output", downOutput);
        int32("src2dst", src2dst);
        fp32("topk_weights", topkWeights);
        if (options.arithmetic() != Arithmetic.FP32 && downOutput.type() == TensorType.FP32) {
            throw new IllegalArgumentException("down_output is fp32, and arithmetic => '"
                    + options.arithmetic().name().toLowerCase(Locale.ROOT)
                    + "' rounds to 16 bits: pass fp16 or bf16, or arithmetic => 'fp32'");
        }
        sameSegments(downOutput, "topk_ids", topkIds.segments());
        sameSegments(downOutput, "src2dst", src2dst.segments());
        sameSegments(downOutput, "topk_weights", topkWeights.segments());
        for (int s = 0; s < downOutput.segments(); s++) {
            rows("down_output", downOutput, s, options.hiddenSize());
            int n = topkIds.length(s);
            if (n % options.topk() != 0) {
                throw malformed(downOutput, s, "topk_ids has " + n + " ids, not a multiple of topk " + options.topk());
            }
            sameLength(downOutput, s, "src2dst", src2dst.length(s), n);
            sameLength(downOutput, s, "topk_weights", topkWeights.elements(s), n);
        }
    }

    public static void siluAndMul(
            Activations gateup, RoutingBatch reorderTopkIds, @Nullable TensorBatch scales, SiluAndMulOptions options) {
        takes("gateup_output", gateup);
        sameSegments(gateup, "reorder_topk_ids", reorderTopkIds.segments());
        scalesGiven(scales, options.scaled(), "scaled");
        for (int s = 0; s < gateup.segments(); s++) {
            long rows = rows("gateup_output", gateup, s, options.hiddenSize());
            if (reorderTopkIds.length(s) > rows) {
                throw malformed(
                        gateup,
                        s,
                        "reorder_topk_ids has " + reorderTopkIds.length(s) + " ids but gateup_output " + rows
                                + " rows of hidden_size " + options.hiddenSize() + " (gate and up together)");
            }
            if (scales != null && reorderTopkIds.length(s) > 0) {
                scaleCount(gateup, s, scales, ScaleMode.PER_EXPERT, options.experts(), rows);
            }
        }
        positiveScales(scales);
    }

    public static void topk(Activations logits, TopkOptions options) {
        takes("router_logits", logits);
        for (int s = 0; s < logits.segments(); s++) {
            if (logits.elements(s) % options.numExperts() != 0) {
                throw malformed(
                        logits,
                        s,
                        "router_logits has " + logits.elements(s) + " elements, not a multiple of num_experts "
                                + options.numExperts());
            }
        }
    }

    private static void takes(String name, Activations tensor) {
        if (tensor.type() == TensorType.FP8_E4M3FN) {
            throw new IllegalArgumentException(
                    name + " is fp8_e4m3fn, which is a type of results; pass fp32, fp16 or bf16");
        }
    }

    private static void int32(String name, RoutingBatch batch) {
        if (batch.type() != IdType.INT32) {
            throw new IllegalArgumentException(name + " must be int32, got " + batch.type());
        }
    }

    private static void fp32(String name, TensorBatch batch) {
        if (batch.type() != TensorType.FP32) {
            throw new IllegalArgumentException(
                    name + " must be fp32, got " + batch.type().sqlName());
        }
    }

    private static void sameSegments(Activations first, String name, int segments) {
        if (segments != first.segments()) {
            throw new IllegalArgumentException(
                    name + " has " + segments + " segments but the activations have " + first.segments());
        }
    }

    private static void scalesGiven(@Nullable TensorBatch scales, boolean wanted, String option) {
        if ((scales != null) != wanted) {
            throw new IllegalArgumentException(
                    wanted
                            ? option + " asks for scales, and there are none"
                            : "there are scales, but " + option + " asks for none");
        }
        if (scales != null) {
            fp32("scales", scales);
        }
    }

    private static long rows(String name, Activations tensor, int s, int hiddenSize) {
        if (tensor.elements(s) % hiddenSize != 0) {
            throw malformed(
                    tensor,
                    s,
                    name + " has " + tensor.elements(s) + " elements, not a multiple of hidden_size " + hiddenSize);
        }
        return tensor.elements(s) / hiddenSize;
    }

    private static void slots(
            Activations first, int s, String tokensAre, long tokens, int topk, String name, long length) {
        if (length != tokens * topk) {
            throw malformed(
                    first,
                    s,
                    name + " has " + length + " ids but " + tokensAre + " * topk " + topk + " is " + tokens * topk);
        }
    }

    private static void sameLength(Activations first, int s, String name, long length, long ids) {
        if (length != ids) {
            throw malformed(
                    first, s, name + " has " + length + " entries but topk_ids " + ids + ": it needs one an id");
        }
    }

    private static void scaleCount(
            Activations first, int s, TensorBatch scales, ScaleMode mode, ExpertRange experts, long tokens) {
        if (scales.segments() != 1) {
            sameSegments(first, "scales", scales.segments());
        }
        long count = scales.elements(scales.segments() == 1 ? 0 : s);
        boolean perExpert = mode == ScaleMode.PER_EXPERT;
        long needed = perExpert ? Math.max(0, experts.experts()) : mode == ScaleMode.SCALAR ? 1 : tokens;
        if (perExpert ? count < needed : count != needed) {
            throw malformed(first, s, "there are " + count + " scales for " + scaled(mode, needed));
        }
    }

    private static String scaled(ScaleMode mode, long needed) {
        return switch (mode) {
            case PER_EXPERT -> needed + " experts from start_expert to end_expert: pass one for each";
            case PER_TOKEN -> needed + " tokens: pass one for each";
            default -> "the segment: pass one";
        };
    }

    private static void positiveScales(@Nullable TensorBatch scales) {
        if (scales == null) {
            return;
        }
        for (int s = 0; s < scales.segments(); s++) {
            for (long i = 0; i < scales.elements(s); i++) {
                float scale = scales.value(scales.start(s) + i);
                if (!(scale > 0 && scale < Float.POSITIVE_INFINITY)) {
                    throw new MalformedRoutingException(
                            scales.firstRow() + s,
                            i,
                            String.format(
                                    "row %d, position %d: scale %s. Scales divide: they must be positive and finite.",
                                    scales.firstRow() + s, i, scale));
                }
            }
        }
    }

    private static MalformedRoutingException malformed(Activations first, int s, String what) {
        long row = first.firstRow() + s;
        return new MalformedRoutingException(row, -1, "row " + row + ": " + what + ".");
    }
}
