package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cuda.driver.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A kernel's fault takes the GPU from the process, so each case has a process of its own. */
@RequiresGpu
class LostDeviceTest {
    private static final String LOST = "the GPU of this process is lost";

    private static List<String> lines(Path folder, boolean fail) {
        ChildJvm.Result result =
                ChildJvm.start(folder, LoseDevice.class, "" + fail).result();
        assertThat(result.exitCode()).as(result.output()).isZero();
        List<String> lines = result.output().lines().toList();
        assertThat(lines)
                .contains("broken: true", "result in hand: true", "read before: true", "input: taken")
                .contains("device memory used: 0", "all closed");
        return lines;
    }

    private static String line(List<String> lines, String start) {
        return lines.stream()
                .filter(l -> l.startsWith(start + ": "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theCpuGoesOn(@TempDir Path folder) {
        List<String> lines = lines(folder, false);
        assertThat(Answers.operators().keySet())
                .allSatisfy(name -> assertThat(line(lines, name)).isEqualTo(name + ": true"));
        assertThat(lines.stream().filter(l -> l.contains(" ERROR ")).toList())
                .singleElement()
                .asString()
                .contains("The GPU of this process is lost, the CPU goes on: ")
                .contains("CUDA_ERROR_ILLEGAL_ADDRESS");
        assertThat(List.of(line(lines, "tensor"), line(lines, "over tensor")))
                .allSatisfy(l -> assertThat(l)
                        .contains("the GPU was lost with a tensor that lay there")
                        .endsWith("Compute it again: Spark does when it repeats the task."));
        String sums = LOST + ", and sums with it: the task has to run again";
        assertThat(lines)
                .contains("held add: " + sums, "held read: " + sums, "empty add: none")
                .contains("held add after clear: none", "held read after clear: none true");
        assertThat(line(lines, "fallbacks"))
                .isEqualTo("fallbacks: " + (Answers.operators().size() + 2));
    }

    @Test
    void everyCallFailsIfSoConfigured(@TempDir Path folder) {
        List<String> lines = lines(folder, true);
        assertThat(Answers.operators().keySet())
                .allSatisfy(name -> assertThat(line(lines, name))
                        .startsWith(name + ": " + LOST + ": ")
                        .contains("CUDA_ERROR_ILLEGAL_ADDRESS")
                        .endsWith("spark.moe.gpu.onStickyError=cpu would go on by the CPU."));
        for (String call : List.of("held add", "held read", "empty add", "held add after clear")) {
            assertThat(line(lines, call)).startsWith(call + ": " + LOST);
        }
        assertThat(line(lines, "fallbacks")).isEqualTo("fallbacks: 0");
    }
}
