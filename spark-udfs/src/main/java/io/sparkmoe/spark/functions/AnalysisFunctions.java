package io.sparkmoe.spark.functions;

import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.spark.exec.AgreementSum;
import io.sparkmoe.spark.exec.CapacitySum;
import io.sparkmoe.spark.exec.CoactivationSum;
import io.sparkmoe.spark.exec.SumOperator;
import io.sparkmoe.spark.exec.TransitionSum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The aggregates of the analyses; docs/analyses.md defines what is made of their counts. */
final class AnalysisFunctions {
    static final Parameter TOPK = Parameter.optional(
            "topk", null, "slots of a token; may be left out where each list holds the ids of one token");
    private static final Parameter LAYERS =
            Parameter.column("layers", "array of int: the block's layers, ascending (moe_token_blocks makes it)");
    private static final Parameter LAYERED_IDS = Parameter.column(
            "topk_ids", "array of arrays of integers: for each layer the block's ids, token-major, all of one length");

    static final List<FunctionSpec> ALL = List.of(
            new FunctionSpec(
                    "moe_coactivation",
                    List.of(
                            IdFunctions.IDS,
                            TOPK,
                            IdFunctions.NUM_EXPERTS,
                            Parameter.optional(
                                    "kind",
                                    "tokens",
                                    "'tokens' that name both experts; ordered 'pairs' of slots, a slot with itself "
                                            + "included; 'adjacent': OLMoE's neighbouring slots, counted both ways"),
                            IdFunctions.INVALID),
                    new FunctionDoc(
                            "How often experts are chosen together for one token, over the rows of a group; symmetric. The "
                                    + "diagonal of kind 'tokens' is the tokens that name the expert.",
                            "array<bigint> of length num_experts * num_experts, row-major.",
                            "SELECT moe_coactivation(ids, topk => 2, num_experts => 3) FROM VALUES (array(0, 2, 2, 1)), "
                                    + "(array(0, 2)) AS t(ids)",
                            "[2,0,2,0,1,1,2,1,3]"),
                    SumAggregate::of),
            new FunctionSpec(
                    "moe_transition",
                    List.of(
                            LAYERS,
                            LAYERED_IDS,
                            TOPK,
                            IdFunctions.NUM_EXPERTS,
                            Parameter.optional(
                                    "pairs", "adjacent", "'adjacent' layers of the list, or 'all' pairs of layers"),
                            Parameter.optional(
                                    "lag", 1, "pairs => 'adjacent': how many layers of the list further, at least 1"),
                            Parameter.optional(
                                    "slots",
                                    "all",
                                    "'all' slots with all slots, or OLMoE's 'same' slot with same slot"),
                            Parameter.optional("part", 0, "which part of the layer pairs, in [0, parts)"),
                            Parameter.optional(
                                    "parts", 1, "into how many parts to split the layer pairs, where all do not fit"),
                            IdFunctions.INVALID),
                    new FunctionDoc(
                            "From which expert of a layer to which of a later one tokens go, over token blocks in the wide "
                                    + "form (moe_token_blocks).",
                            "array<struct<from_layer int, to_layer int, counts array<bigint>>>: by layers, counts of length "
                                    + "num_experts * num_experts, row-major.",
                            "SELECT moe_transition(array(3, 5), array(array(0, 1), array(1, 1)), topk => 1, num_experts => 2)",
                            "[{\"from_layer\":3,\"to_layer\":5,\"counts\":[0,1,0,1]}]"),
                    SumAggregate::of),
            new FunctionSpec(
                    "moe_agreement",
                    List.of(
                            Parameter.column("left_ids", "the tokens' ids by one routing; as topk_ids elsewhere"),
                            Parameter.column("right_ids", "the same tokens' ids by the other, of the same length"),
                            TOPK),
                    new FunctionDoc(
                            "How far two routings of the same tokens agree. Sets are compared; a token with a masked id on "
                                    + "either side is left out and counted. first_equal reads the slot order.",
                            "struct<tokens bigint, equal_sets bigint, overlap_sum bigint, union_sum bigint, first_equal "
                                    + "bigint, masked bigint>.",
                            "SELECT moe_agreement(array(0, 1, 2, 3), array(1, 0, 2, 4), topk => 2)",
                            "{\"tokens\":2,\"equal_sets\":1,\"overlap_sum\":3,\"union_sum\":5,\"first_equal\":1,\"masked\":0}"),
                    SumAggregate::of),
            new FunctionSpec(
                    "moe_capacity",
                    List.of(
                            IdFunctions.IDS,
                            TOPK,
                            IdFunctions.NUM_EXPERTS,
                            Parameter.constant("factors", "array of capacity factors, each above 0"),
                            new Parameter(
                                    "topk_weights",
                                    true,
                                    false,
                                    null,
                                    "array of float or double, one weight an id: an expert keeps its heaviest ids; without "
                                            + "it, its earliest"),
                            IdFunctions.INVALID),
                    new FunctionDoc(
                            "What experts of limited capacity would drop; each row is one forward pass of one layer. Megatron's "
                                    + "capacity: ceil(((tokens * topk) / num_experts) * factor), in double.",
                            "struct<factor array<double>, capacity array<bigint>, dropped array<bigint>, tokens_hit "
                                    + "array<bigint>, tokens_lost array<bigint>, passes bigint, tokens bigint, ids bigint>: "
                                    + "an expert's slots, ids dropped, tokens that lose an id and tokens that lose all, summed "
                                    + "over rows.",
                            "SELECT moe_capacity(array(0, 1, 0, 0), topk => 2, num_experts => 2, factors => array(0.5, 2.0))",
                            "{\"factor\":[0.5,2.0],\"capacity\":[1,4],\"dropped\":[2,0],\"tokens_hit\":[1,0],"
                                    + "\"tokens_lost\":[1,0],\"passes\":1,\"tokens\":2,\"ids\":4}"),
                    SumAggregate::of),
            new FunctionSpec(
                    "moe_token_blocks",
                    List.of(Parameter.column("layer", "integer: the layer of the row"), IdFunctions.IDS, TOPK),
                    new FunctionDoc(
                            "The wide form of one token block: the rows of its layers side by side, for moe_transition. Rows "
                                    + "with a NULL layer or list are skipped.",
                            "struct<layers array<int>, topk_ids array<array<int>>>, layers ascending.",
                            "SELECT moe_token_blocks(layer, ids, topk => 2) FROM VALUES (5, array(4, 0)), (3, array(1, 2)) AS "
                                    + "t(layer, ids)",
                            "{\"layers\":[3,5],\"topk_ids\":[[1,2],[4,0]]}"),
                    TokenBlocks::of));

    private AnalysisFunctions() {}

    /** The operator of an aggregate of this page, or null for another name. */
    static @Nullable SumOperator operator(String name, Constants c) {
        return switch (name) {
            case "moe_coactivation" ->
                new CoactivationSum(new CoactivationOptions(
                        c.integer("num_experts"), topk(c), c.choice("kind", CoactivationKind.class), invalid(c)));
            case "moe_transition" -> new TransitionSum(transitions(c));
            case "moe_agreement" -> new AgreementSum(new AgreementOptions(topk(c)));
            case "moe_capacity" ->
                new CapacitySum(
                        new CapacityOptions(c.integer("num_experts"), topk(c), c.doubles("factors"), invalid(c)),
                        c.given("topk_weights"));
            default -> null;
        };
    }

    private enum Pairs {
        ADJACENT,
        ALL
    }

    private static TransitionOptions transitions(Constants c) {
        int lag = c.integer("lag");
        boolean all = c.choice("pairs", Pairs.class) == Pairs.ALL;
        if (lag < 1 || (all && lag != 1)) {
            throw new IllegalArgumentException(
                    "lag must be at least 1, and belongs to pairs => 'adjacent'; got " + lag);
        }
        return new TransitionOptions(
                c.integer("num_experts"),
                topk(c),
                all ? TransitionOptions.ALL_PAIRS : lag,
                c.choice("slots", TransitionOptions.Slots.class),
                c.integer("part"),
                c.integer("parts"),
                invalid(c));
    }

    static int topk(Constants c) {
        Integer topk = c.optionalInteger("topk");
        if (topk != null && topk < 1) {
            throw new IllegalArgumentException("topk must be in [1, " + Topk.MAX + "], got " + topk);
        }
        return topk == null ? Topk.OF_SEGMENT : topk;
    }

    private static InvalidPolicy invalid(Constants c) {
        return c.choice("invalid", InvalidPolicy.class);
    }
}
