package io.sparkmoe.spark.functions;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.Scoring;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.spark.exec.BatchOperator;
import io.sparkmoe.spark.exec.PackingOperators;
import io.sparkmoe.spark.exec.TensorOperators;
import org.jspecify.annotations.Nullable;

/** What the constants of a function of activations make: its operator. */
final class TensorFunctions {
    private TensorFunctions() {}

    /** @throws IllegalArgumentException naming the constant that does not fit */
    static @Nullable BatchOperator operator(String name, Constants c) {
        return switch (name) {
            case "moe_pack_tensor" ->
                new PackingOperators.Pack(c.choice("dtype", TensorType.class), c.integer("last_dim"));
            case "moe_unpack_tensor" -> new PackingOperators.Unpack();
            case "moe_pre_reorder" -> preReorder(c);
            case "moe_post_reorder" ->
                new TensorOperators.PostReorder(new PostReorderOptions(
                        c.integer("topk"),
                        c.integer("hidden_size"),
                        experts(c),
                        c.number("routed_scaling_factor"),
                        c.choice("arithmetic", Arithmetic.class)));
            case "moe_silu_and_mul" ->
                new TensorOperators.SiluAndMul(
                        c.integer("hidden_size"),
                        c.given("scales"),
                        experts(c),
                        c.optionalChoice("out_dtype", TensorType.class));
            case "moe_topk" -> new TensorOperators.Topk(topk(c));
            default -> null;
        };
    }

    private static BatchOperator preReorder(Constants c) {
        ScaleMode mode = c.choice("scale_mode", ScaleMode.class);
        if (c.given("a1_scales") != (mode != ScaleMode.NONE)) {
            throw new IllegalArgumentException(
                    mode == ScaleMode.NONE
                            ? "a1_scales is given, and scale_mode says 'none': say 'per_expert', 'per_token' or 'scalar'"
                            : "scale_mode is '" + Constants.name(mode) + "', and a1_scales is not given");
        }
        return new TensorOperators.PreReorder(
                c.integer("topk"),
                c.integer("hidden_size"),
                mode,
                experts(c),
                c.optionalChoice("out_dtype", TensorType.class));
    }

    private static ExpertRange experts(Constants c) {
        Integer end = c.optionalInteger("end_expert");
        return new ExpertRange(c.integer("start_expert"), end == null ? Integer.MAX_VALUE : end);
    }

    private static TopkOptions topk(Constants c) {
        Integer groups = c.optionalInteger("num_expert_group");
        Integer kept = c.optionalInteger("topk_group");
        if ((groups == null) != (kept == null)) {
            throw new IllegalArgumentException("num_expert_group and topk_group belong together: only "
                    + (groups == null ? "topk_group" : "num_expert_group") + " is given");
        }
        return new TopkOptions(
                c.integer("num_experts"),
                c.integer("topk"),
                c.choice("scoring", Scoring.class),
                c.bool("renormalize"),
                c.numbers("correction_bias"),
                groups == null ? 1 : groups,
                kept == null ? 1 : kept,
                c.number("routed_scaling_factor"));
    }
}
