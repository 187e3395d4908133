package io.sparkmoe.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.sql.OwnJvm;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An error that takes the GPU away in the middle of a query: the executor goes on by the CPU, or fails, as configured. */
@RequiresGpu
class LostGpuTest {
    private static final String FROM =
            "(SELECT id, id % 5 g, transform(sequence(0, 7), j -> cast(mod(id * 7 + j, 16) AS int)) ids FROM range(0, 4000, 1, 2) "
                    + "WHERE good(id))";
    private static final String ALIGN = "SELECT id, moe_align_block_size(ids, 16, 4) m FROM " + FROM;
    private static final String LOAD = "SELECT g, moe_expert_load(ids, 16) l FROM " + FROM + " GROUP BY g";

    private static String run(String onStickyError, String query) throws Exception {
        String output = OwnJvm.run(Map.of(), LostGpuApp.class, "1g", OwnJvm.classPath(), onStickyError, query);
        System.out.println(output);
        assertThat(output)
                .contains("before: true, on the GPU true", "fault: sticky true", "the kernel faulted: true")
                .contains("calls of the lost GPU: 0", "Arrow bytes: 0", "Arrow bytes at the end: 0");
        return output;
    }

    @ParameterizedTest
    @ValueSource(strings = {ALIGN, LOAD})
    void theCpuGoesOn(String query) throws Exception {
        assertThat(run("cpu", query)).contains("broken: true", "afterwards: true", "the CPU goes on");
    }

    @Test
    void orEveryTaskFails() throws Exception {
        assertThat(run("fail", ALIGN))
                .contains("broken failed: ", "spark.moe.gpu.onStickyError=cpu would go on by the CPU")
                .containsPattern("afterwards failed: .*the GPU of this process is lost.*CUDA_ERROR_ILLEGAL_ADDRESS")
                .doesNotContain("broken: true", "afterwards: true");
    }
}
