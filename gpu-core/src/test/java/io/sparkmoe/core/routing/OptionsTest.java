package io.sparkmoe.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Options and maps refuse what no operator could answer. */
class OptionsTest {
    private static final IdOptions IDS = IdOptions.of(8);
    private static final ExpertMap LOCAL = ExpertMap.of(new int[] {1, -1, 0, -1, -1, -1, -1, -1}, ExpertMap.Form.LOCAL);

    private static void refused(ThrowingCallable options, String part) {
        assertThatThrownBy(options).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(part);
    }

    @Test
    void numExperts() {
        refused(() -> IdOptions.of(0), "num_experts must be in [1, 65535], got 0");
        refused(() -> IdOptions.of(65_536), "got 65536");
        refused(() -> new CountsOptions(-1, InvalidPolicy.ERROR), "got -1");
        refused(() -> new PaddingOptions(0, new int[] {1}, InvalidPolicy.ERROR), "got 0");
    }

    @Test
    void expertMaps() {
        assertThat(LOCAL.numLocalExperts()).isEqualTo(2);
        assertThat(IDS.withExpertMap(LOCAL).bins()).isEqualTo(2);
        refused(() -> ExpertMap.of(new int[] {0, 0}, ExpertMap.Form.LOCAL), "expert_map[1] = 0");
        refused(() -> ExpertMap.of(new int[] {-2}, ExpertMap.Form.LOCAL), "expert_map[0] = -2");
        refused(() -> ExpertMap.of(new int[] {1, -1}, ExpertMap.Form.LOCAL), "none is number 0");
        refused(() -> IdOptions.of(9).withExpertMap(LOCAL), "expert_map has 8 entries but num_experts is 9");
    }

    @Test
    void align() {
        refused(() -> new AlignOptions(IDS, 0), "block_size must be at least 1, got 0");
        refused(() -> new AlignOptions(IDS.withMasked(MaskedPolicy.KEEP), 4), "'keep' belongs to moe_ep_preprocess");
        refused(() -> new BatchedAlignOptions(-1, 4), "max_tokens_per_batch must not be negative, got -1");
        refused(() -> new BatchedAlignOptions(1, 0), "block_size must be at least 1, got 0");
        refused(() -> new CompactOptions(IDS.withMasked(MaskedPolicy.BIN)), "takes masked => 'drop' or 'error'");
        ExpertMap remap = ExpertMap.of(LOCAL.toArray(), ExpertMap.Form.REMAP);
        refused(() -> new CompactOptions(IDS.withExpertMap(remap)), "local form");
    }

    @Test
    void epPreprocess() {
        refused(() -> EpPreprocessOptions.of(IDS.withMasked(MaskedPolicy.BIN), EpForm.SGLANG), "'bin' belongs to");
        refused(() -> EpPreprocessOptions.of(IDS.withMasked(MaskedPolicy.KEEP), EpForm.DEEPEP), "'keep' belongs to");
        refused(() -> EpPreprocessOptions.of(IDS, EpForm.VLLM), "needs expert_map");
        refused(() -> EpPreprocessOptions.of(IDS.withExpertMap(LOCAL), EpForm.SGLANG), "the other forms take none");
        refused(() -> EpPreprocessOptions.of(IDS, EpForm.KMAJOR), "needs topk >= 1");
        refused(() -> new EpPreprocessOptions(IDS, EpForm.SGLANG, 2, 0), "needs topk >= 1");
        refused(() -> EpPreprocessOptions.of(IDS, EpForm.PADDED), "needs m_max >= 1");
        refused(() -> new EpPreprocessOptions(IDS, EpForm.PADDED, 0, 1 << 28), "num_experts * m_max = 2147483648");
    }

    @Test
    void padding() {
        refused(() -> new PaddingOptions(8, new int[0], InvalidPolicy.ERROR), "block_sizes is empty");
        refused(() -> new PaddingOptions(8, new int[] {4, 0}, InvalidPolicy.ERROR), "got [4, 0]");
        PaddingOptions one = new PaddingOptions(8, new int[] {4, 16}, InvalidPolicy.ERROR);
        PaddingOptions same = new PaddingOptions(8, new int[] {4, 16}, InvalidPolicy.ERROR);
        assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(one).isNotEqualTo(new PaddingOptions(8, new int[] {4}, InvalidPolicy.ERROR));
    }

    @Test
    void totalsAddUp() {
        PaddingTotals a = new PaddingTotals(1, new long[] {2, 3}, new long[] {8, 48}, 5, 2);
        PaddingTotals b = new PaddingTotals(10, new long[] {20, 30}, new long[] {80, 480}, 50, 20);
        PaddingTotals sum = new PaddingTotals(11, new long[] {22, 33}, new long[] {88, 528}, 55, 22);
        assertThat(a.plus(b)).isEqualTo(sum).hasSameHashCodeAs(sum);
        assertThat(a).isNotEqualTo(b);
    }
}
