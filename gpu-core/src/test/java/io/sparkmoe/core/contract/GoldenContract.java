package io.sparkmoe.core.contract;

import static io.sparkmoe.core.contract.GoldenRows.has;
import static io.sparkmoe.core.contract.GoldenRows.ints;
import static io.sparkmoe.core.contract.GoldenRows.longs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import org.jspecify.annotations.Nullable;

/** Align, batched align and the histogram against what the public implementations gave. */
final class GoldenContract {
    private final RoutingBackend backend;

    GoldenContract(RoutingBackend backend) {
        this.backend = backend;
    }

    static @Nullable ExpertMap map(JsonNode row, ExpertMap.Form form) {
        return has(row, "expert_map") ? ExpertMap.of(ints(row, "expert_map"), form) : null;
    }

    void align(JsonNode row) {
        boolean vllm = row.get("impl").textValue().equals("vllm");
        boolean ignoreInvalid = row.get("ignore_invalid").booleanValue();
        ExpertMap map = map(row, ignoreInvalid ? ExpertMap.Form.LOCAL : ExpertMap.Form.REMAP);
        // SGLang gives masked ids a bin unless told to ignore them, and reads out of bounds on an id of E and more;
        // vLLM drops both.
        IdOptions ids = new IdOptions(
                row.get("num_experts").intValue(),
                vllm ? InvalidPolicy.DROP : InvalidPolicy.ERROR,
                vllm || ignoreInvalid ? MaskedPolicy.DROP : MaskedPolicy.BIN,
                map);
        AlignOptions options = new AlignOptions(ids, row.get("block_size").intValue());
        Routing.of(ids.numExperts(), ints(row, "topk_ids")).run((batch, allocator) -> {
            try (AlignResult r = backend.align(batch, options, allocator)) {
                assertThat(r.numTokensPostPad().getInt(0))
                        .isEqualTo(row.get("num_tokens_post_pad").intValue());
                assertThat(r.sortedTokenIds().ints(0)).isEqualTo(ints(row, "canonical_sorted"));
                String experts = map == null || ignoreInvalid ? "expert_ids" : "expert_ids_final";
                assertThat(r.expertIds().ints(0)).isEqualTo(ints(row, experts));
            }
        });
    }

    void batchedAlign(JsonNode row) {
        BatchedAlignOptions options = new BatchedAlignOptions(
                row.get("max_tokens_per_batch").intValue(),
                row.get("block_size").intValue());
        Routing.of(1, ints(row, "expert_num_tokens")).run((batch, allocator) -> {
            try (AlignResult r = backend.batchedAlign(batch, options, allocator)) {
                assertThat(r.numTokensPostPad().getInt(0))
                        .isEqualTo(row.get("num_tokens_post_pad").intValue());
                assertThat(r.sortedTokenIds().ints(0)).isEqualTo(ints(row, "sorted_ids"));
                assertThat(r.expertIds().ints(0)).isEqualTo(ints(row, "block_ids"));
            }
        });
    }

    void histogram(JsonNode row) {
        CountsOptions options = new CountsOptions(row.get("num_experts").intValue(), InvalidPolicy.ERROR);
        Routing.of(options.numExperts(), ints(row, "topk_ids")).run((batch, allocator) -> {
            try (CountsResult r = backend.expertCounts(batch, options, allocator)) {
                assertThat(r.counts64().longs(0)).isEqualTo(longs(row, "histogram"));
            }
        });
    }
}
