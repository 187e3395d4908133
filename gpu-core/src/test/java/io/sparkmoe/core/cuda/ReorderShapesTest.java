package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cuda.ReorderShapes.Pre;
import io.sparkmoe.core.cuda.ReorderShapes.Work;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.TensorType;
import org.junit.jupiter.api.Test;

class ReorderShapesTest {
    private static Work work(TensorType in, TensorType out, int topk, boolean scaled, double local) {
        return new Work(in, out, 7168, topk, 8192, scaled, true, local, true);
    }

    private static Work plain(TensorType in, TensorType out, boolean scaled) {
        return new Work(in, out, 7168, 8, 8192, scaled, true, 8, false);
    }

    private static Pre pre(TensorType in, TensorType out, int topk, boolean scaled, double local) {
        return ReorderShapes.pre(work(in, out, topk, scaled, local));
    }

    @Test
    void preReorderByTypesAndScales() {
        assertThat(pre(TensorType.FP16, TensorType.FP16, 8, false, 8)).isEqualTo(Pre.BULK);
        assertThat(pre(TensorType.FP32, TensorType.FP32, 8, false, 8)).isEqualTo(Pre.BULK);
        assertThat(pre(TensorType.FP16, TensorType.FP16, 8, false, 1)).isEqualTo(Pre.COPY);
        assertThat(pre(TensorType.BF16, TensorType.BF16, 2, false, 2)).isEqualTo(Pre.COPY);
        assertThat(pre(TensorType.BF16, TensorType.BF16, 8, true, 8)).isEqualTo(Pre.SCALED_WIDE);
        assertThat(pre(TensorType.FP16, TensorType.FP16, 8, true, 1)).isEqualTo(Pre.SCALED);
        assertThat(pre(TensorType.FP16, TensorType.FP8_E4M3FN, 8, false, 8)).isEqualTo(Pre.TO_FP8);
        assertThat(pre(TensorType.FP16, TensorType.FP8_E4M3FN, 8, true, 8)).isEqualTo(Pre.SCALED_TO_FP8);
        assertThat(pre(TensorType.FP16, TensorType.BF16, 8, false, 8)).isEqualTo(Pre.ANY);
        assertThat(pre(TensorType.FP32, TensorType.FP8_E4M3FN, 8, false, 8)).isEqualTo(Pre.ANY);
        assertThat(pre(TensorType.FP16, TensorType.FP16, 33, false, 8)).isEqualTo(Pre.ANY);
    }

    @Test
    void preReorderOnOlderDevicesAndOfOddRows() {
        assertThat(ReorderShapes.pre(plain(TensorType.FP16, TensorType.FP16, false)))
                .isEqualTo(Pre.COPY);
        assertThat(ReorderShapes.pre(plain(TensorType.FP16, TensorType.FP16, true)))
                .isEqualTo(Pre.ANY);
        assertThat(ReorderShapes.pre(plain(TensorType.FP16, TensorType.FP8_E4M3FN, false)))
                .isEqualTo(Pre.ANY);
        assertThat(ReorderShapes.aligned(256, 14336, 512, 7168)).isTrue();
        assertThat(ReorderShapes.aligned(256, 14336, 512, 7176)).isFalse();
        assertThat(ReorderShapes.aligned(258, 14336, 512, 7168)).isFalse();
    }

    @Test
    void rowsAreCutIntoEvenPieces() {
        assertThat(ReorderShapes.pieceBytes(14336)).isEqualTo(3584);
        assertThat(ReorderShapes.pieceBytes(8192)).isEqualTo(2816);
        assertThat(ReorderShapes.pieceBytes(16)).isEqualTo(128);
        assertThat(ReorderShapes.piece(7168)).isEqualTo(2048);
        assertThat(ReorderShapes.piece(7)).isEqualTo(8);
    }

    @Test
    void launches() {
        Work all = work(TensorType.FP16, TensorType.FP16, 8, false, 8);
        assertThat(ReorderShapes.launch(all, Pre.BULK)).isEqualTo(LaunchConfig.of(1639, 160, 5 * 4 * 3584));
        assertThat(ReorderShapes.launch(all, Pre.COPY)).isEqualTo(LaunchConfig.of(8192, 128, 0));
        assertThat(ReorderShapes.launch(all, Pre.SCALED)).isEqualTo(LaunchConfig.of(14336, 128, 0));
        assertThat(ReorderShapes.launch(all, Pre.SCALED_WIDE)).isEqualTo(LaunchConfig.of(8192, 64, 0));
        assertThat(ReorderShapes.launch(all, Pre.SCALED_TO_FP8)).isEqualTo(LaunchConfig.of(32768, 32, 14336));
        assertThat(ReorderShapes.launch(all, Pre.ANY)).isEqualTo(LaunchConfig.of(32768, 256, 64));
        Work few = work(TensorType.FP16, TensorType.FP8_E4M3FN, 8, false, 1);
        assertThat(ReorderShapes.launch(few, Pre.TO_FP8)).isEqualTo(LaunchConfig.of(8192, 32, 4 * 3584));
        assertThat(ReorderShapes.any(1000, 7, 24)).isEqualTo(LaunchConfig.of(1000, 32, 24));
    }

    @Test
    void postReorderByShareAndArithmetic() {
        Work all = work(TensorType.BF16, TensorType.BF16, 8, false, 8);
        assertThat(ReorderShapes.post(all, Arithmetic.FP32)).isEqualTo("post_reorder_bulk_bf16_v7");
        assertThat(ReorderShapes.launch(all, "post_reorder_bulk_bf16_v7")).isEqualTo(LaunchConfig.of(32768, 32, 0));
        assertThat(ReorderShapes.post(all, Arithmetic.FMA16_SCALED)).isEqualTo("post_reorder_bulk_bf16_fma_v7");
        Work one = work(TensorType.FP16, TensorType.FP16, 8, false, 1);
        assertThat(ReorderShapes.post(one, Arithmetic.W16)).isEqualTo("post_reorder_bulk_fp16_v4");
        Work few = work(TensorType.FP16, TensorType.FP16, 2, false, 0.25);
        assertThat(ReorderShapes.post(few, Arithmetic.FP32)).isEqualTo("post_reorder_rows_fp16");
        assertThat(ReorderShapes.launch(few, "post_reorder_rows_fp16")).isEqualTo(LaunchConfig.of(28672, 128, 0));
        Work old = plain(TensorType.FP16, TensorType.FP16, false);
        assertThat(ReorderShapes.post(old, Arithmetic.FMA16)).isEqualTo("post_reorder_any");
        assertThat(ReorderShapes.post(old, Arithmetic.FP32)).isEqualTo("post_reorder_rows_fp16");
        assertThat(ReorderShapes.post(work(TensorType.FP32, TensorType.FP32, 8, false, 8), Arithmetic.FP32))
                .isEqualTo("post_reorder_any");
    }

    @Test
    void fewRowsABlockWhereMostAreZeroed() {
        assertThat(ReorderShapes.zeroedRows(8, 8)).isEqualTo(8);
        assertThat(ReorderShapes.zeroedRows(1, 8)).isEqualTo(1);
    }
}
