package io.sparkmoe.spark.functions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.jspecify.annotations.Nullable;

/**
 * The SQL functions for the DataFrame API, under their SQL names; docs/functions.md has each one's result.
 *
 * <pre>{@code
 * trace.select(moe_align_block_size(col("topk_ids"), 256, 128, option("invalid", "drop")).as("m"))
 * }</pre>
 *
 * The session must have the functions (plugin, {@code spark.sql.extensions} or class path). Parameters beyond the ones a
 * method takes are given with {@link #option}.
 */
@SuppressWarnings("MethodName") // the SQL names
public final class MoeFunctions {
    /** An optional parameter by name. */
    public record Option(String name, Column value) {}

    private MoeFunctions() {}

    /** An optional parameter: a Column, a number, a boolean, a String, or an array of int or float. */
    public static Option option(String name, Object value) {
        return new Option(
                name,
                value instanceof int[] ints
                        ? array(ints)
                        : value instanceof float[] floats ? array(floats) : functions.lit(value));
    }

    public static Column moe_align_block_size(Column topkIds, int numExperts, int blockSize, Option... options) {
        return call("moe_align_block_size", options, topkIds, functions.lit(numExperts), functions.lit(blockSize));
    }

    public static Column moe_align_compact(Column topkIds, int numExperts, Option... options) {
        return call("moe_align_compact", options, topkIds, functions.lit(numExperts));
    }

    public static Column moe_ep_preprocess(Column topkIds, int numExperts, Option... options) {
        return call("moe_ep_preprocess", options, topkIds, functions.lit(numExperts));
    }

    public static Column moe_grouped_gemm_tiles(Column segIndptr, int blockM) {
        return moe_grouped_gemm_tiles(segIndptr, functions.lit(blockM));
    }

    public static Column moe_grouped_gemm_tiles(Column segIndptr, Column blockM) {
        return call("moe_grouped_gemm_tiles", new Option[0], segIndptr, blockM);
    }

    public static Column moe_expert_counts(Column topkIds, int numExperts, Option... options) {
        return call("moe_expert_counts", options, topkIds, functions.lit(numExperts));
    }

    public static Column moe_padding(Column topkIds, int numExperts, int[] blockSizes, Option... options) {
        return call("moe_padding", options, topkIds, functions.lit(numExperts), array(blockSizes));
    }

    public static Column moe_pack_tensor(Column values, String dtype, int lastDim) {
        return call("moe_pack_tensor", new Option[0], values, functions.lit(dtype), functions.lit(lastDim));
    }

    public static Column moe_unpack_tensor(Column packed) {
        return call("moe_unpack_tensor", new Option[0], packed);
    }

    public static Column moe_pre_reorder(
            Column hidden, Column topkIds, Column src2dst, int topk, int hiddenSize, Option... options) {
        return call(
                "moe_pre_reorder", options, hidden, topkIds, src2dst, functions.lit(topk), functions.lit(hiddenSize));
    }

    public static Column moe_post_reorder(
            Column downOutput,
            Column src2dst,
            Column topkIds,
            Column topkWeights,
            int topk,
            int hiddenSize,
            Option... options) {
        return call(
                "moe_post_reorder",
                options,
                downOutput,
                src2dst,
                topkIds,
                topkWeights,
                functions.lit(topk),
                functions.lit(hiddenSize));
    }

    public static Column moe_silu_and_mul(
            Column gateupOutput, Column reorderTopkIds, int hiddenSize, Option... options) {
        return call("moe_silu_and_mul", options, gateupOutput, reorderTopkIds, functions.lit(hiddenSize));
    }

    public static Column moe_topk(Column routerLogits, int numExperts, int topk, Option... options) {
        return call("moe_topk", options, routerLogits, functions.lit(numExperts), functions.lit(topk));
    }

    public static Column moe_pack_ids(Column topkIds) {
        return call("moe_pack_ids", new Option[0], topkIds);
    }

    public static Column moe_unpack_ids(Column packed) {
        return call("moe_unpack_ids", new Option[0], packed);
    }

    public static Column moe_expert_load(Column topkIds, int numExperts, Option... options) {
        return call("moe_expert_load", options, topkIds, functions.lit(numExperts));
    }

    public static Column moe_padding_sum(Column topkIds, int numExperts, int[] blockSizes, Option... options) {
        return call("moe_padding_sum", options, topkIds, functions.lit(numExperts), array(blockSizes));
    }

    /** @param topk null where each list holds the ids of one token */
    public static Column moe_coactivation(Column topkIds, @Nullable Integer topk, int numExperts, Option... options) {
        return call("moe_coactivation", options, topkIds, functions.lit(topk), functions.lit(numExperts));
    }

    /** @param topk null where each list holds the ids of one token */
    public static Column moe_transition(
            Column layers, Column topkIds, @Nullable Integer topk, int numExperts, Option... options) {
        return call("moe_transition", options, layers, topkIds, functions.lit(topk), functions.lit(numExperts));
    }

    /** @param topk null where each list holds the ids of one token */
    public static Column moe_agreement(Column leftIds, Column rightIds, @Nullable Integer topk) {
        return call("moe_agreement", new Option[0], leftIds, rightIds, functions.lit(topk));
    }

    /** @param topk null where each list holds the ids of one token */
    public static Column moe_capacity(
            Column topkIds, @Nullable Integer topk, int numExperts, double[] factors, Option... options) {
        Column[] items = Arrays.stream(factors).mapToObj(functions::lit).toArray(Column[]::new);
        return call(
                "moe_capacity",
                options,
                topkIds,
                functions.lit(topk),
                functions.lit(numExperts),
                functions.array(items));
    }

    /** @param topk null where each list holds the ids of one token */
    public static Column moe_token_blocks(Column layer, Column topkIds, @Nullable Integer topk) {
        return call("moe_token_blocks", new Option[0], layer, topkIds, functions.lit(topk));
    }

    public static Column moe_balance(Column counts, Option... options) {
        return call("moe_balance", options, counts);
    }

    private static Column array(int[] values) {
        Column[] items = new Column[values.length];
        for (int i = 0; i < items.length; i++) {
            items[i] = functions.lit(values[i]);
        }
        return functions.array(items);
    }

    private static Column array(float[] values) {
        Column[] items = new Column[values.length];
        for (int i = 0; i < items.length; i++) {
            items[i] = functions.lit(values[i]);
        }
        return functions.array(items);
    }

    /** Options put in the parameters' order, what is not given by its default: Column calls know positions only. */
    private static Column call(String name, Option[] options, Column... required) {
        List<Parameter> parameters = FunctionCatalog.get(name).parameters();
        List<Column> arguments = new ArrayList<>(List.of(required));
        for (Parameter p : parameters.subList(required.length, parameters.size())) {
            arguments.add(functions.lit(p.fallback()));
        }
        for (Option option : options) {
            int index = index(name, parameters, option.name());
            if (index < required.length) {
                throw new IllegalArgumentException(name + ": " + option.name() + " is given twice");
            }
            arguments.set(index, option.value());
        }
        return functions.call_function(name, arguments.toArray(new Column[0]));
    }

    private static int index(String function, List<Parameter> parameters, String name) {
        for (int i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException(function + " has no parameter '" + name + "'; it has "
                + parameters.stream().map(Parameter::name).toList());
    }
}
