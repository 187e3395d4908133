package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The data half of expert parallelism over a batch of segments: what SGLang's {@code pre_reorder_triton_kernel} family did.
 * Obtained from {@link RoutingBackend#reorder()} and closed with it.
 *
 * <p>A segment has num_tokens tokens and n = num_tokens * topk flat slots, token-major: slot i belongs to token i / topk. A
 * slot is <b>selected</b> when src2dst[i] >= 0 and topk_ids[i] lies in the options' {@link ExpertRange}. Activations are
 * fp32, fp16 or bf16; results of any type. Whatever is computed is rounded as {@link Conversions} says, NaN included.
 *
 * <p>Results are owned by the caller and charged to its allocator where they are in host memory; after an exception nothing
 * stays allocated. The inputs, results of this backend included, stay the caller's and are only read; they must stay open
 * until the call returns. Results of another backend are taken by way of {@link TensorResult#host()}. Many threads may use
 * a backend at once.
 *
 * <p>Every operator throws {@link MalformedRoutingException}, naming row, position and value, when the shapes of a segment
 * do not fit each other, a scale is not positive and finite or missing, or src2dst of a selected slot names a row that does
 * not exist or that another selected slot names too; and {@link IllegalArgumentException} when the batches themselves do
 * not fit (number of segments, types). {@link ReorderChecks} does what can be done without looking at ids.
 */
public interface ReorderBackend {
    /**
     * Scatters token rows to where their expert's rows lie: out[src2dst[i], :] = cast(fp32(hidden[i / topk, :]) * (1 / s))
     * for every selected i; one fp32 reciprocal, one fp32 multiply, one conversion. Without scales and with an outType that
     * is the input's the bits are copied, those of NaN too. Rows that no selected slot names are zero.
     *
     * @param hidden [num_tokens, hiddenSize]
     * @param topkIds n ids
     * @param src2dst {@link IdType#INT32}, n rows of the result; negative: not selected
     * @param scales fp32, for every {@link ScaleMode} but NONE; as many as the mode names (per expert: at least the range's
     *     experts). A list a segment, or a single list (one segment) that holds for all
     * @return [n, hiddenSize] of outType
     */
    TensorResult preReorder(
            Activations hidden,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            @Nullable TensorBatch scales,
            PreReorderOptions options,
            BufferAllocator allocator);

    /**
     * Gathers and sums the experts' rows of each token: out[t, :] = cast(routed_scaling_factor * sum over selected slots k of
     * w[t, k] * down[src2dst[t, k], :]), k ascending from +0, in the way the {@link Arithmetic} says; fp32 sums take one fused
     * multiply-add a slot, rounded once, as the public kernels' compilers contract it. Zeros where no slot is selected.
     *
     * @param downOutput [rows, hiddenSize]; any number of rows that holds the selected ones
     * @param topkIds n ids
     * @param src2dst {@link IdType#INT32}, n rows of downOutput; negative: not selected
     * @param topkWeights fp32, n; NaN and infinity pass
     * @return [num_tokens, hiddenSize] of the input's type
     */
    TensorResult postReorder(
            Activations downOutput,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            TensorBatch topkWeights,
            PostReorderOptions options,
            BufferAllocator allocator);

    /**
     * The activation between the two grouped GEMMs. With h = hiddenSize / 2, row r's gate = gateup[r, 0 .. h) and up =
     * gateup[r, h .. 2h): g = round(fp32(gate) * sigmoid(gate)), v = round(g * up), with scales v = round(v * round(1 /
     * scales[id - start_expert])), out = cast(v), where round is to the input's type. g is within 1 unit in the last place,
     * for the exponential, and may be zero below 2^-120. Rows whose id lies outside the expert range are zero, and so are
     * the rows after the last id (epPreprocess leaves masked ids out of reorder_topk_ids, pre_reorder keeps a row for every
     * slot).
     *
     * @param gateup [rows, hiddenSize]
     * @param reorderTopkIds at most rows ids
     * @param scales fp32, if the options say scaled, at least the range's experts; a list a segment, or one for all
     * @return [rows, hiddenSize / 2] of outType
     */
    TensorResult siluAndMul(
            Activations gateup,
            RoutingBatch reorderTopkIds,
            @Nullable TensorBatch scales,
            SiluAndMulOptions options,
            BufferAllocator allocator);

    /**
     * Router logits to ids and weights, fp32. The scores are those of {@link Scoring}; the choice is made on scores +
     * correction bias, where there is one. With groups, only experts of the topkGroup best groups are chosen from: a group's
     * score is the sum of its two largest biased scores with a correction bias, else its maximum; equal groups by lower
     * number. Ids come by score descending, equal scores by lower id; NaN counts as the largest.
     *
     * <p>Without a correction bias the choice is made on the logits themselves, which order as the scores do: exact, and
     * finer where distinct logits round to one score. Weights are the scores without bias, divided by (their sum + 1e-20) if
     * renormalised, times routedScalingFactor; backends agree within 4 units in the last place.
     *
     * @param logits [num_tokens, numExperts]
     */
    TopkResult topk(Activations logits, TopkOptions options, BufferAllocator allocator);
}
