package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.exec.SumOperator;
import io.sparkmoe.spark.exec.SumOperators;
import java.util.List;

/** The aggregates of expert ids. */
final class AggregateFunctions {
    static final List<FunctionSpec> ALL = List.of(
            new FunctionSpec(
                    "moe_expert_load",
                    List.of(IdFunctions.IDS, IdFunctions.NUM_EXPERTS, IdFunctions.INVALID),
                    new FunctionDoc(
                            "Ids of each expert over the rows of a group; NULL lists are skipped, over no rows it is zeros.",
                            "array<bigint> of length num_experts.",
                            "SELECT moe_expert_load(ids, num_experts => 3) FROM VALUES (array(0, 2)), (array(2, 2)) AS t(ids)",
                            "[1,0,3]"),
                    SumAggregate::of),
            new FunctionSpec(
                    "moe_padding_sum",
                    List.of(IdFunctions.IDS, IdFunctions.NUM_EXPERTS, IdFunctions.BLOCK_SIZES, IdFunctions.INVALID),
                    new FunctionDoc(
                            "moe_padding's figures summed over the rows of a group; active_experts is their mean.",
                            "struct<block_size array<int>, blocks array<bigint>, slots array<bigint>, used bigint, "
                                    + "active_experts double>.",
                            "SELECT moe_padding_sum(ids, num_experts => 3, block_sizes => array(2)) FROM VALUES (array(0, 2)), "
                                    + "(array(2, 2)) AS t(ids)",
                            "{\"block_size\":[2],\"blocks\":[3],\"slots\":[6],\"used\":4,\"active_experts\":1.5}"),
                    SumAggregate::of));

    private AggregateFunctions() {}

    /** @throws IllegalArgumentException naming the constant that does not fit */
    static SumOperator operator(String name, Constants c) {
        return switch (name) {
            case "moe_expert_load" -> new SumOperators.ExpertLoad(IdFunctions.counts(c));
            case "moe_padding_sum" -> new SumOperators.PaddingSum(IdFunctions.padding(c));
            default -> {
                SumOperator analysis = AnalysisFunctions.operator(name, c);
                if (analysis == null) {
                    throw new IllegalStateException("no aggregate " + name);
                }
                yield analysis;
            }
        };
    }
}
