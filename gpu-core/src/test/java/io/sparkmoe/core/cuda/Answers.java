package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.TilesResult;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** Every operator and accumulator over a batch of up to {@link #EXPERTS} experts, answers as bytes to compare. */
final class Answers {
    static final int EXPERTS = 64;
    private static final int TOPK = MixedBatch.TOPK;
    private static final int[] BLOCK_SIZES = {1, 16, 48, 128};

    /** An operator; its answer by field. */
    interface Operator {
        Map<String, Object> over(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator);
    }

    private Answers() {}

    static Map<String, Operator> operators() {
        Map<String, Operator> all = new LinkedHashMap<>();
        IdOptions ids = IdOptions.of(EXPERTS).withInvalid(InvalidPolicy.DROP);
        all.put("align", (b, batch, a) -> align(b.align(batch, new AlignOptions(ids, 48), a)));
        IdOptions bin = ids.withMasked(MaskedPolicy.BIN);
        all.put("align with a bin", (b, batch, a) -> align(b.align(batch, new AlignOptions(bin, 16), a)));
        IdOptions local = ids.withExpertMap(map());
        all.put("align of a rank", (b, batch, a) -> align(b.align(batch, new AlignOptions(local, 16), a)));
        all.put("alignCompact", (b, batch, a) -> compact(b.alignCompact(batch, new CompactOptions(ids), a)));
        for (EpForm form : EpForm.values()) {
            EpPreprocessOptions options = new EpPreprocessOptions(
                    form == EpForm.VLLM ? local : ids,
                    form,
                    form == EpForm.KMAJOR ? TOPK : 0,
                    form == EpForm.PADDED ? 1 << 20 : 0);
            all.put("epPreprocess " + form, (b, batch, a) -> preprocess(b.epPreprocess(batch, options, a)));
        }
        all.put("batchedAlign", Answers::batched);
        all.put("groupedGemmTiles", Answers::tiles);
        all.put("expertCounts", (b, batch, a) -> counts(b.expertCounts(batch, counts(), a)));
        all.put("padding", (b, batch, a) -> padding(b.padding(batch, padding(), a)));
        all.putAll(accumulators());
        return all;
    }

    static Map<String, Operator> accumulators() {
        return Map.of(
                "expertLoad", Answers::load,
                "paddingTotals", Answers::totals,
                "coactivation", AnalysisAnswers::coactivation,
                "transitions", AnalysisAnswers::transitions);
    }

    static CountsOptions counts() {
        return new CountsOptions(EXPERTS, InvalidPolicy.DROP);
    }

    static PaddingOptions padding() {
        return new PaddingOptions(EXPERTS, BLOCK_SIZES, InvalidPolicy.DROP);
    }

    private static ExpertMap map() {
        int[] map = new int[EXPERTS];
        for (int e = 0; e < EXPERTS; e++) {
            map[e] = e % 4 == 1 ? e / 4 : -1;
        }
        return ExpertMap.of(map, ExpertMap.Form.LOCAL);
    }

    static int[] slots(RoutingBatch batch, int of) {
        int[] slots = new int[batch.segments()];
        for (int s = 0; s < slots.length; s++) {
            slots[s] = s % of;
        }
        return slots;
    }

    private static Map<String, Object> align(AlignResult result) {
        try (AlignResult r = result) {
            return Map.of(
                    "sorted", bytes(r.sortedTokenIds()),
                    "experts", bytes(r.expertIds()),
                    "post pad", bytes(r.numTokensPostPad(), 4L * r.expertIds().rows()),
                    "counts", r.counts());
        }
    }

    static Map<String, Object> compact(CompactResult result) {
        try (CompactResult r = result) {
            return Map.of("sorted", bytes(r.sortedIds()), "offsets", bytes(r.expertOffsets()), "counts", r.counts());
        }
    }

    private static Map<String, Object> preprocess(EpPreprocessResult result) {
        try (EpPreprocessResult r = result) {
            return Map.of(
                    "topk ids", bytes(r.reorderTopkIds()),
                    "ids", bytes(r.reorderIds()),
                    "src2dst", bytes(r.src2dst()),
                    "indptr", bytes(r.segIndptr()),
                    "masked m", bytes(r.maskedM()),
                    "counts", r.counts());
        }
    }

    private static Map<String, Object> batched(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        try (MixedBatch tokens = MixedBatch.tokens(batch, allocator)) {
            return align(backend.batchedAlign(tokens.batch(), new BatchedAlignOptions(EXPERTS, 16), allocator));
        }
    }

    private static Map<String, Object> tiles(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        try (ListBuffer seg = MixedBatch.indptr(batch, allocator);
                TilesResult r = backend.groupedGemmTiles(seg, 0, 16, allocator)) {
            return Map.of(
                    "indptr", bytes(r.mNumTilesIndptr()),
                    "experts", bytes(r.tileExpert()),
                    "starts", bytes(r.tileRowStart()),
                    "ends", bytes(r.tileRowEnd()));
        }
    }

    private static Map<String, Object> counts(CountsResult result) {
        try (CountsResult r = result) {
            return Map.of("per expert", bytes(r.counts64()), "counts", r.counts());
        }
    }

    private static Map<String, Object> padding(PaddingResult result) {
        try (PaddingResult r = result) {
            int rows = r.blocks().rows();
            return Map.of(
                    "blocks", bytes(r.blocks()),
                    "slots", bytes(r.slots()),
                    "used", bytes(r.used(), 8L * rows),
                    "active", bytes(r.activeExperts(), 4L * rows),
                    "counts", r.counts());
        }
    }

    /** Two batches, the second with more slots. */
    private static Map<String, Object> load(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        Map<String, Object> out = new LinkedHashMap<>();
        try (ExpertLoadAccumulator load = backend.expertLoad(counts(), allocator)) {
            load.add(batch, slots(batch, 5), 5);
            load.add(batch, slots(batch, 200), 200);
            for (int slot = 0; slot < 200; slot++) {
                long[] sums = new long[EXPERTS];
                load.read(slot, sums);
                out.put("slot " + slot, Arrays.toString(sums));
            }
            IdCounts counts = load.counts();
            out.put("counts", counts);
        }
        return out;
    }

    private static Map<String, Object> totals(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        Map<String, Object> out = new LinkedHashMap<>();
        try (PaddingAccumulator sums = backend.paddingTotals(padding(), allocator)) {
            sums.add(batch, slots(batch, 5), 5);
            sums.add(batch, slots(batch, 200), 200);
            for (int slot = 0; slot < 200; slot++) {
                out.put("slot " + slot, sums.read(slot).toString());
            }
            out.put("counts", sums.counts());
        }
        return out;
    }

    private static ByteBuffer bytes(ArrowBuf buffer, long bytes) {
        byte[] out = new byte[Math.toIntExact(bytes)];
        buffer.getBytes(0, out);
        return ByteBuffer.wrap(out);
    }

    private static ByteBuffer bytes(ListBuffer lists) {
        ByteBuffer offsets = bytes(lists.offsets(), 4L * (lists.rows() + 1L));
        ByteBuffer values = bytes(lists.values(), (long) lists.elementBytes() * lists.totalElements());
        return ByteBuffer.allocate(offsets.remaining() + values.remaining())
                .put(offsets)
                .put(values)
                .flip();
    }
}
