package io.sparkmoe.spark.functions;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.spark.exec.IdOperator;
import io.sparkmoe.spark.exec.IdOperators;
import java.util.List;

/** The batch-wise functions of expert ids: parameters, documentation, and the operator that constants make. */
final class IdFunctions {
    static final Parameter IDS = Parameter.column(
            "topk_ids",
            "array of tinyint, smallint, int or bigint, array of such arrays (tokens x topk), or packed binary; "
                    + "token-major; -1 or NULL elements are masked");
    static final Parameter NUM_EXPERTS = Parameter.constant("num_experts", "number of experts E, 1 to 65535");
    static final Parameter INVALID = Parameter.optional(
            "invalid", "error", "ids below -1 or not below num_experts: 'error' or 'drop' (left out and counted)");
    private static final Parameter BLOCK_SIZE = Parameter.constant("block_size", "rows of a block, at least 1");
    static final Parameter BLOCK_SIZES = Parameter.constant("block_sizes", "array of block sizes, each at least 1");
    private static final Parameter MASKED = Parameter.optional(
            "masked",
            "drop",
            "masked ids: 'drop' (left out), 'error', 'bin' (align: a bin -1, first) or 'keep' (form sglang)");
    private static final Parameter EXPERT_MAP = Parameter.optional(
            "expert_map", null, "array [num_experts]: local number of each expert, -1 where it is not on this rank");

    static final List<FunctionSpec> ALL = List.of(
            new FunctionSpec(
                    "moe_align_block_size",
                    List.of(
                            IDS,
                            NUM_EXPERTS,
                            BLOCK_SIZE,
                            INVALID,
                            MASKED,
                            EXPERT_MAP,
                            Parameter.optional(
                                    "expert_map_form",
                                    "local",
                                    "'local': ids are mapped first and bins are local; 'remap': bins are global, expert_ids "
                                            + "are mapped afterwards")),
                    new FunctionDoc(
                            "The metadata that fused-MoE kernels take (SGLang and vLLM moe_align_block_size): every expert's "
                                    + "flat indices, ascending, padded to whole blocks with the sentinel n.",
                            "struct<sorted_token_ids array<int>, expert_ids array<int>, num_tokens_post_pad int>.",
                            "SELECT moe_align_block_size(array(2, 0, 2, 1), num_experts => 3, block_size => 2)",
                            "{\"sorted_token_ids\":[1,4,3,4,0,2],\"expert_ids\":[0,1,2],\"num_tokens_post_pad\":6}"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_align_compact",
                    List.of(IDS, NUM_EXPERTS, INVALID, MASKED, EXPERT_MAP),
                    new FunctionDoc(
                            "The stable order of ids by expert without padding; every block size follows from it.",
                            "struct<sorted_ids array<int>, expert_offsets array<int>>: flat indices by expert, and E + 1 "
                                    + "offsets.",
                            "SELECT moe_align_compact(array(2, 0, 2, 1), num_experts => 3)",
                            "{\"sorted_ids\":[1,3,0,2],\"expert_offsets\":[0,1,2,4]}"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_ep_preprocess",
                    List.of(
                            IDS,
                            NUM_EXPERTS,
                            INVALID,
                            MASKED,
                            Parameter.optional(
                                    "form",
                                    "sglang",
                                    "'sglang', 'deepep', 'vllm' (needs expert_map), 'kmajor' (needs topk) or "
                                            + "'padded' (needs m_max)"),
                            Parameter.optional("topk", null, "slots of a token, for form => 'kmajor'"),
                            EXPERT_MAP,
                            Parameter.optional("m_max", null, "rows reserved for an expert, for form => 'padded'")),
                    new FunctionDoc(
                            "The maps of expert-parallel reorder, as SGLang's run_moe_ep_preproess and its successors make "
                                    + "them.",
                            "struct<reorder_topk_ids array<int>, reorder_ids array<int>, src2dst array<int>, seg_indptr "
                                    + "array<bigint>, masked_m array<int>>.",
                            "SELECT moe_ep_preprocess(array(2, 0, 2, 1), num_experts => 3)",
                            "{\"reorder_topk_ids\":[0,1,2,2],\"reorder_ids\":[1,3,0,2],\"src2dst\":[2,0,3,1],"
                                    + "\"seg_indptr\":[0,1,2,4],\"masked_m\":[]}"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_expert_counts",
                    List.of(IDS, NUM_EXPERTS, INVALID),
                    new FunctionDoc(
                            "Ids of each expert in one list.",
                            "array<bigint> of length num_experts.",
                            "SELECT moe_expert_counts(array(2, 0, 2, -1), num_experts => 4)",
                            "[1,0,2,0]"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_padding",
                    List.of(IDS, NUM_EXPERTS, BLOCK_SIZES, INVALID),
                    new FunctionDoc(
                            "What aligning one list would cost at several block sizes; waste = 1 - used / slots.",
                            "struct<block_size array<int>, blocks array<bigint>, slots array<bigint>, used bigint, "
                                    + "active_experts int>.",
                            "SELECT moe_padding(array(2, 0, 2, 2), num_experts => 4, block_sizes => array(2, 16))",
                            "{\"block_size\":[2,16],\"blocks\":[3,2],\"slots\":[6,32],\"used\":4,\"active_experts\":2}"),
                    BatchFunction::of));

    private IdFunctions() {}

    /** @throws IllegalArgumentException naming the constant that does not fit */
    static IdOperator operator(String name, Constants c) {
        return switch (name) {
            case "moe_align_block_size" ->
                new IdOperators.Align(new AlignOptions(
                        masked(c).withExpertMap(map(c, c.choice("expert_map_form", ExpertMap.Form.class))),
                        c.integer("block_size")));
            case "moe_align_compact" ->
                new IdOperators.Compact(new CompactOptions(masked(c).withExpertMap(map(c, ExpertMap.Form.LOCAL))));
            case "moe_ep_preprocess" ->
                new IdOperators.EpPreprocess(new EpPreprocessOptions(
                        masked(c).withExpertMap(map(c, ExpertMap.Form.LOCAL)),
                        c.choice("form", EpForm.class),
                        orZero(c.optionalInteger("topk")),
                        orZero(c.optionalInteger("m_max"))));
            case "moe_expert_counts" -> new IdOperators.Counts(counts(c));
            case "moe_padding" -> new IdOperators.Padding(padding(c));
            default -> throw new IllegalStateException("no operator for " + name);
        };
    }

    static CountsOptions counts(Constants c) {
        return new CountsOptions(c.integer("num_experts"), c.choice("invalid", InvalidPolicy.class));
    }

    static PaddingOptions padding(Constants c) {
        int[] blockSizes = c.integers("block_sizes");
        if (blockSizes == null) {
            throw new IllegalArgumentException("block_sizes must not be NULL");
        }
        return new PaddingOptions(c.integer("num_experts"), blockSizes, c.choice("invalid", InvalidPolicy.class));
    }

    private static IdOptions masked(Constants c) {
        return IdOptions.of(c.integer("num_experts"))
                .withInvalid(c.choice("invalid", InvalidPolicy.class))
                .withMasked(c.choice("masked", MaskedPolicy.class));
    }

    private static ExpertMap map(Constants c, ExpertMap.Form form) {
        int[] map = c.integers("expert_map");
        return map == null ? null : ExpertMap.of(map, form);
    }

    private static int orZero(Integer value) {
        return value == null ? 0 : value;
    }
}
