package io.sparkmoe.core.contract;

import static io.sparkmoe.core.contract.GoldenRows.codes;
import static io.sparkmoe.core.contract.GoldenRows.floats;
import static io.sparkmoe.core.contract.GoldenRows.has;
import static io.sparkmoe.core.contract.GoldenRows.ints;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** pre_reorder, post_reorder and silu_and_mul against what the public kernels gave. */
final class ReorderGoldenContract {
    private final ReorderBackend backend;

    ReorderGoldenContract(ReorderBackend backend) {
        this.backend = backend;
    }

    private static TensorType type(JsonNode row, String column) {
        String name = row.get(column).textValue();
        return name.equals("fp8e4m3") ? TensorType.FP8_E4M3FN : TensorType.parse(name);
    }

    /** Which ids an implementation takes; the others have left out what is not local by src2dst or by id -1. */
    private static ExpertRange experts(JsonNode row) {
        return switch (row.get("impl").textValue()) {
            case "sglang_2024_12", "sglang_2025_10", "sglang_cuda_2025_08" ->
                new ExpertRange(
                        row.get("start_expert").intValue(),
                        row.get("end_expert").intValue());
            case "sglang_cutlass_moe" ->
                new ExpertRange(0, row.get("num_local_experts").intValue() - 1);
            default -> ExpertRange.ALL;
        };
    }

    private static RoutingBatch ids(ReorderArena arena, JsonNode row, String column) {
        return arena.ids(IdType.INT32, List.of(ints(row, column)));
    }

    private static @Nullable TensorBatch scales(ReorderArena arena, JsonNode row, String column) {
        return has(row, column) ? arena.floats(List.of(floats(row, column))) : null;
    }

    private static int[] recorded(JsonNode row) {
        return has(row, "output_u8") ? codes(row, "output_u8", 1) : codes(row, "output_u16", 2);
    }

    /** Equal to the bit; rows that the implementations leave unwritten are zero. */
    void preReorder(JsonNode row) {
        int hiddenSize = row.get("hidden").intValue();
        PreReorderOptions options = new PreReorderOptions(
                row.get("topk").intValue(),
                hiddenSize,
                ScaleMode.valueOf(row.get("scale_mode").textValue().toUpperCase(Locale.ROOT)),
                experts(row),
                type(row, "out_dtype"));
        int[] topkIds = ints(row, "topk_ids");
        int[] src2dst = ints(row, "src2dst");
        int[] expected = new int[topkIds.length * hiddenSize];
        int[] recorded = recorded(row);
        for (int i = 0; i < topkIds.length; i++) {
            if (src2dst[i] >= 0 && options.experts().contains(topkIds[i])) {
                System.arraycopy(recorded, src2dst[i] * hiddenSize, expected, src2dst[i] * hiddenSize, hiddenSize);
            }
        }
        try (ReorderArena arena = new ReorderArena(0, 0);
                TensorResult result = backend.preReorder(
                        arena.tensor(type(row, "in_dtype"), List.of(codes(row, "input_u16", 2))),
                        ids(arena, row, "topk_ids"),
                        ids(arena, row, "src2dst"),
                        scales(arena, row, "a1_scales"),
                        options,
                        arena.results)) {
            assertThat(ReorderArena.codes(result).get(0)).isEqualTo(expected);
        }
    }

    private static Arithmetic arithmetic(JsonNode row) {
        return switch (row.get("impl").textValue()) {
            case "sglang_2024_12", "sglang_2025_10" -> Arithmetic.FMA16;
            case "sglang_deepep" -> Arithmetic.FMA16_SCALED;
            case "sglang_cuda_2025_08" -> Arithmetic.W16;
            default -> Arithmetic.FP32;
        };
    }

    /** Equal to the bit. */
    void postReorder(JsonNode row) {
        PostReorderOptions options = new PostReorderOptions(
                row.get("topk").intValue(),
                row.get("hidden").intValue(),
                experts(row),
                row.get("routed_scaling_factor").floatValue(),
                arithmetic(row));
        try (ReorderArena arena = new ReorderArena(0, 0);
                TensorResult result = backend.postReorder(
                        arena.tensor(type(row, "dtype"), List.of(codes(row, "down_output_u16", 2))),
                        ids(arena, row, "topk_ids"),
                        ids(arena, row, "src2dst"),
                        arena.floats(List.of(floats(row, "topk_weights"))),
                        options,
                        arena.results)) {
            assertThat(ReorderArena.codes(result).get(0)).isEqualTo(codes(row, "output_u16", 2));
        }
    }

    /** Within 1 unit in the last place of the result's type, for the exponential; rows not selected are zero. */
    void siluAndMul(JsonNode row) {
        int hiddenSize = row.get("hidden").intValue();
        ExpertRange experts = new ExpertRange(
                row.get("start_expert").intValue(), row.get("end_expert").intValue());
        TensorType type = type(row, "out_dtype");
        SiluAndMulOptions options = new SiluAndMulOptions(hiddenSize, has(row, "scales"), experts, type);
        int[] recorded = recorded(row);
        int[] reorderTopkIds = ints(row, "reorder_topk_ids");
        try (ReorderArena arena = new ReorderArena(0, 0);
                TensorResult result = backend.siluAndMul(
                        arena.tensor(type(row, "in_dtype"), List.of(codes(row, "gateup_u16", 2))),
                        ids(arena, row, "reorder_topk_ids"),
                        scales(arena, row, "scales"),
                        options,
                        arena.results)) {
            int[] got = ReorderArena.codes(result).get(0);
            assertThat(got).hasSameSizeAs(recorded);
            for (int i = 0; i < got.length; i++) {
                boolean selected = experts.contains(reorderTopkIds[i / (hiddenSize / 2)]);
                assertThat(Ulps.between(type, got[i], selected ? recorded[i] : 0))
                        .as("element %d: %x, recorded %x", i, got[i], recorded[i])
                        .isLessThanOrEqualTo(selected ? 1 : 0);
            }
        }
    }
}
