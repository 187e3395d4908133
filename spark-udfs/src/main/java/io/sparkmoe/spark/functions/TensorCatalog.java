package io.sparkmoe.spark.functions;

import java.util.List;

/** The functions of activations: parameters and documentation. */
final class TensorCatalog {
    private static final String TENSOR = "array of float, or packed binary (moe_pack_tensor) of fp32, fp16 or bf16";
    private static final Parameter IDS = Parameter.column(
            "topk_ids",
            "ids [num_tokens, topk], as every function of ids takes them; -1 or NULL elements are not selected");
    private static final Parameter SRC2DST = Parameter.column(
            "src2dst",
            "array of int or bigint, one an id: the row it goes to (moe_ep_preprocess); negative or NULL: not selected");
    private static final Parameter TOPK = Parameter.constant("topk", "slots of a token, at least 1");
    private static final Parameter HIDDEN_SIZE =
            Parameter.constant("hidden_size", "elements of a token's row, at least 1");
    private static final Parameter START =
            Parameter.optional("start_expert", 0, "first expert whose slots are selected, at least 0");
    private static final Parameter END = Parameter.optional(
            "end_expert", null, "last expert whose slots are selected, inclusive; not given: no end");
    private static final Parameter OUT =
            Parameter.optional("out_dtype", null, "'fp32', 'fp16', 'bf16' or 'fp8_e4m3fn'; not given: the input's");
    private static final Parameter FACTOR =
            Parameter.optional("routed_scaling_factor", 1, "finite; multiplies the weights");
    private static final String PACKED = "binary: a packed tensor of rows of ";

    static final List<FunctionSpec> ALL = List.of(
            new FunctionSpec(
                    "moe_pack_tensor",
                    List.of(
                            Parameter.column("values", "array of float, row-major; no NULL elements"),
                            Parameter.constant("dtype", "'fp32', 'fp16', 'bf16' or 'fp8_e4m3fn'"),
                            Parameter.constant(
                                    "last_dim", "elements of a row, at least 1; divides the array's length")),
                    new FunctionDoc(
                            "Packs numbers into a tensor of the given type, rounded to nearest even (fp8_e4m3fn saturates at "
                                    + "448); every function of activations takes the result.",
                            "binary: 0xE2, the dtype's code (1 fp32, 2 fp16, 3 bf16, 4 fp8_e4m3fn), two zero bytes, last_dim "
                                    + "(uint32), then the values; all little-endian.",
                            "SELECT hex(moe_pack_tensor(array(1f, -2f), 'fp16', last_dim => 2))",
                            "E202000002000000003C00C0"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_unpack_tensor",
                    List.of(Parameter.column("packed", "a packed tensor of any type, or an array of float")),
                    new FunctionDoc(
                            "The numbers of a tensor, row-major.",
                            "array<float>.",
                            "SELECT moe_unpack_tensor(unhex('E202000002000000003C00C0'))",
                            "[1.0,-2.0]"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_pre_reorder",
                    List.of(
                            Parameter.column("hidden", "[num_tokens, hidden_size]: " + TENSOR),
                            IDS,
                            SRC2DST,
                            TOPK,
                            HIDDEN_SIZE,
                            Parameter.optionalColumn(
                                    "a1_scales",
                                    "array of float: what rows are divided by; positive and finite, as many as scale_mode names"),
                            Parameter.optional(
                                    "scale_mode",
                                    "none",
                                    "'none', 'per_expert' (a1_scales[id - start_expert]), 'per_token' or 'scalar'"),
                            START,
                            END,
                            OUT),
                    new FunctionDoc(
                            "Scatters each token's row to the rows of its selected slots (SGLang's pre_reorder): row "
                                    + "src2dst[i] is hidden[i / topk] / scale. Rows that no selected slot names are zero.",
                            PACKED + "hidden_size, num_tokens * topk of them.",
                            "SELECT moe_unpack_tensor(moe_pre_reorder(array(1f, 2f, 3f, 4f), array(1, 0), array(1, 0), "
                                    + "topk => 1, hidden_size => 2))",
                            "[3.0,4.0,1.0,2.0]"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_post_reorder",
                    List.of(
                            Parameter.column("down_output", "[rows, hidden_size]: " + TENSOR),
                            SRC2DST,
                            IDS,
                            Parameter.column("topk_weights", "array of float, one an id"),
                            TOPK,
                            HIDDEN_SIZE,
                            START,
                            END,
                            FACTOR,
                            Parameter.optional(
                                    "arithmetic",
                                    "fp32",
                                    "'fp32', 'w16' (weights rounded to 16 bits), 'fma16' (and one 16-bit fused multiply-add a "
                                            + "slot) or 'fma16_scaled' (and routed_scaling_factor in the weight)")),
                    new FunctionDoc(
                            "Gathers the selected rows of each token and sums them by weight (SGLang's post_reorder), slots "
                                    + "ascending. Tokens without a selected slot are zero.",
                            PACKED + "hidden_size, num_tokens of them, of the input's dtype.",
                            "SELECT moe_unpack_tensor(moe_post_reorder(array(3f, 4f, 1f, 2f), array(1, 0), array(1, 0), "
                                    + "array(0.5f, 0.25f), topk => 2, hidden_size => 2))",
                            "[1.25,2.0]"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_silu_and_mul",
                    List.of(
                            Parameter.column("gateup_output", "[rows, hidden_size], gate then up: " + TENSOR),
                            Parameter.column(
                                    "reorder_topk_ids",
                                    "the expert of each row (moe_ep_preprocess); at most rows of them"),
                            Parameter.constant(
                                    "hidden_size",
                                    "elements of a gateup_output row, gate and up together, even; results have half"),
                            Parameter.optionalColumn(
                                    "scales",
                                    "array of float, one an expert of the range: what results are divided by"),
                            START,
                            END,
                            OUT),
                    new FunctionDoc(
                            "silu(gate) * up of each row of an expert in the range, as SGLang's silu_and_mul kernel rounds; "
                                    + "other rows are zero.",
                            PACKED + "hidden_size / 2.",
                            "SELECT moe_unpack_tensor(moe_silu_and_mul(array(0f, 100f, 5f, 2f), array(0), hidden_size => 4))",
                            "[0.0,200.0]"),
                    BatchFunction::of),
            new FunctionSpec(
                    "moe_topk",
                    List.of(
                            Parameter.column("router_logits", "[num_tokens, num_experts]: " + TENSOR),
                            IdFunctions.NUM_EXPERTS,
                            Parameter.constant("topk", "experts that a token chooses, 1 to num_experts"),
                            Parameter.optional("scoring", "softmax", "'softmax' or 'sigmoid'"),
                            Parameter.optional("renormalize", false, "divide the weights of a token by their sum"),
                            Parameter.optional(
                                    "correction_bias",
                                    null,
                                    "array [num_experts] of numbers added to the scores for the choice alone"),
                            Parameter.optional(
                                    "num_expert_group", null, "groups of experts to choose from; needs topk_group"),
                            Parameter.optional("topk_group", null, "groups that are chosen"),
                            FACTOR),
                    new FunctionDoc(
                            "Router logits to the chosen experts and their weights, by score descending; equal scores by "
                                    + "lower id.",
                            "struct<topk_ids array<int>, topk_weights array<float>>, each [num_tokens, topk].",
                            "SELECT moe_topk(array(0f, 0f, 0f, 0f), num_experts => 4, topk => 2)",
                            "{\"topk_ids\":[0,1],\"topk_weights\":[0.25,0.25]}"),
                    BatchFunction::of));

    private TensorCatalog() {}
}
