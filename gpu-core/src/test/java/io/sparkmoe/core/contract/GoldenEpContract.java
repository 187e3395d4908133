package io.sparkmoe.core.contract;

import static io.sparkmoe.core.contract.GoldenRows.has;
import static io.sparkmoe.core.contract.GoldenRows.ints;
import static io.sparkmoe.core.contract.GoldenRows.longs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.TilesResult;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Expert-parallel preprocessing and the tile schedule against what the public implementations gave. */
final class GoldenEpContract {
    private final RoutingBackend backend;

    GoldenEpContract(RoutingBackend backend) {
        this.backend = backend;
    }

    void check(JsonNode row) {
        EpPreprocessOptions options = options(row);
        Routing.of(options.ids().numExperts(), ints(row, "topk_ids")).run((batch, allocator) -> {
            try (EpPreprocessResult r = backend.epPreprocess(batch, options, allocator)) {
                compare(row, r);
                if (has(row, "m_num_tiles_indptr")) {
                    int blockM = row.get("block_size_m").intValue();
                    try (TilesResult tiles = backend.groupedGemmTiles(r.segIndptr(), 0, blockM, allocator)) {
                        assertThat(tiles.mNumTilesIndptr().longs(0)).isEqualTo(longs(row, "m_num_tiles_indptr"));
                    }
                }
            }
        });
    }

    private static EpPreprocessOptions options(JsonNode row) {
        IdOptions ids = IdOptions.of(row.get("num_experts").intValue());
        return switch (row.get("impl").textValue()) {
            case "sglang_run_moe_ep_preproess" ->
                EpPreprocessOptions.of(ids.withMasked(MaskedPolicy.KEEP), EpForm.SGLANG);
            case "sglang_deepep_preprocess" -> EpPreprocessOptions.of(ids, EpForm.DEEPEP);
            case "sglang_moe_permute_prepare" ->
                EpPreprocessOptions.of(ids, row.get("is_ep").booleanValue() ? EpForm.DEEPEP : EpForm.SGLANG);
            case "sglang_fused_dispatch_index" ->
                new EpPreprocessOptions(ids, EpForm.PADDED, 0, row.get("m_max").intValue());
            case "trtllm_three_step" ->
                new EpPreprocessOptions(ids, EpForm.KMAJOR, row.get("topk").intValue(), 0);
            case "vllm_sort_scan" -> EpPreprocessOptions.of(ids.withExpertMap(vllmMap(row, ids)), EpForm.VLLM);
            default -> throw new IllegalArgumentException(row.get("impl").textValue());
        };
    }

    /** Without a map every expert is local under its own number. */
    private static ExpertMap vllmMap(JsonNode row, IdOptions ids) {
        int[] map = has(row, "expert_map")
                ? ints(row, "expert_map")
                : IntStream.range(0, ids.numExperts()).toArray();
        return ExpertMap.of(map, ExpertMap.Form.LOCAL);
    }

    private static void compare(JsonNode row, EpPreprocessResult r) {
        boolean stable = row.get("stable").booleanValue();
        int masked = row.get("impl").textValue().equals("sglang_moe_permute_prepare")
                ? row.get("num_invalid").intValue()
                : 0;
        if (has(row, "reorder_topk_ids")) {
            int[] ids = ints(row, "reorder_topk_ids");
            assertThat(r.reorderTopkIds().ints(0)).isEqualTo(Arrays.copyOfRange(ids, masked, ids.length));
        }
        if (has(row, "seg_indptr")) {
            assertThat(r.segIndptr().longs(0)).isEqualTo(longs(row, "seg_indptr"));
        }
        if (has(row, "reorder_ids") && stable) {
            int[] order = ints(row, "reorder_ids");
            assertThat(r.reorderIds().ints(0)).isEqualTo(Arrays.copyOfRange(order, masked, order.length));
        }
        if (has(row, "masked_m")) {
            assertThat(r.maskedM().ints(0)).isEqualTo(ints(row, "masked_m"));
            comparePadded(row, r.src2dst().ints(0));
        } else if (has(row, "src2dst") && stable) {
            assertThat(r.src2dst().ints(0)).isEqualTo(ints(row, "src2dst"));
        } else if (has(row, "src2dst")) {
            compareUnstable(row, r.src2dst().ints(0));
        }
    }

    /** The peer hands out an expert's slots in any order and never writes the entries of masked ids. */
    private static void comparePadded(JsonNode row, int[] seen) {
        int[] ids = ints(row, "topk_ids");
        int[] theirs = ints(row, "src2dst");
        int mMax = row.get("m_max").intValue();
        for (int i = 0; i < ids.length; i++) {
            assertThat(seen[i] < 0).isEqualTo(ids[i] < 0);
            assertThat(ids[i] < 0 || seen[i] / mMax == ids[i]).isTrue();
            theirs[i] = ids[i] < 0 ? -1 : theirs[i];
        }
        assertThat(sorted(seen)).isEqualTo(sorted(theirs));
    }

    /** Equal keys came out in any order: the same positions, and each holds the same id. */
    private static void compareUnstable(JsonNode row, int[] seen) {
        int[] ids = ints(row, "topk_ids");
        int[] theirs = ints(row, "src2dst");
        assertThat(sorted(seen)).isEqualTo(sorted(theirs));
        int[] idAt = new int[2 * ids.length];
        for (int i = 0; i < ids.length; i++) {
            idAt[seen[i] + ids.length] = ids[i];
        }
        for (int i = 0; i < ids.length; i++) {
            assertThat(idAt[theirs[i] + ids.length]).isEqualTo(ids[i]);
        }
    }

    private static int[] sorted(int[] values) {
        return Arrays.stream(values).sorted().toArray();
    }
}
