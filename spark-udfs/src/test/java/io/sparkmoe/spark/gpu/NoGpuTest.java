package io.sparkmoe.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.sql.OwnJvm;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A requested GPU that is not there: the CPU does the work, or in strict mode the task fails and says why. */
class NoGpuTest {
    @Test
    void strictModeFailsTheTaskAndTheOtherGoesOn() throws Exception {
        String output = OwnJvm.run(Map.of("CUDA_VISIBLE_DEVICES", ""), NoGpuApp.class, "1g", OwnJvm.classPath());
        System.out.println(output);
        assertThat(output)
                .containsPattern("lenient: \\[.*25, 25, 25, 25.*\\] on \\[cpu\\]")
                .containsPattern("strict failed: spark\\.moe\\.backend=cuda cannot be had: .*(CUDA|NVIDIA)")
                .contains("Set spark.moe.backend=auto or spark.moe.backend.strict=false.")
                .containsPattern("lenient again: \\[.*25, 25, 25, 25.*\\]");
    }
}
