package io.sparkmoe.core.routing;

/**
 * Options of {@link RoutingBackend#epPreprocess}.
 *
 * @param ids policies and number of experts; {@link MaskedPolicy#BIN} is not allowed, KEEP only in form sglang, an
 *     expert map only (and always) in form vllm
 * @param topk slots of a token; used by form kmajor, else 0
 * @param mMax rows reserved for an expert; used by form padded, else 0; num_experts * mMax at most 2^31 - 1
 */
public record EpPreprocessOptions(IdOptions ids, EpForm form, int topk, int mMax) implements RowOptions {
    public EpPreprocessOptions {
        if (ids.masked() == MaskedPolicy.BIN) {
            throw new IllegalArgumentException("masked => 'bin' belongs to moe_align_block_size");
        }
        if (ids.masked() == MaskedPolicy.KEEP && form != EpForm.SGLANG) {
            throw new IllegalArgumentException("masked => 'keep' belongs to form => 'sglang'");
        }
        if ((ids.expertMap() != null) != (form == EpForm.VLLM)) {
            throw new IllegalArgumentException("form => 'vllm' needs expert_map, the other forms take none");
        }
        if (form == EpForm.KMAJOR ? topk < 1 : topk != 0) {
            throw new IllegalArgumentException("form => 'kmajor' needs topk >= 1, the other forms take none");
        }
        if (form == EpForm.PADDED ? mMax < 1 : mMax != 0) {
            throw new IllegalArgumentException("form => 'padded' needs m_max >= 1, the other forms take none");
        }
        if (ids.numExperts() * (long) mMax > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("num_experts * m_max = " + ids.numExperts() * (long) mMax
                    + " passes the 2147483647 rows that src2dst can name: lower m_max");
        }
    }

    /** Options of a form that needs neither topk nor m_max. */
    public static EpPreprocessOptions of(IdOptions ids, EpForm form) {
        return new EpPreprocessOptions(ids, form, 0, 0);
    }

    @Override
    public long maxResultBytes(long n) {
        return 12 * n + 12L * (ids.numExperts() + 4L);
    }
}
