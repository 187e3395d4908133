package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.cuda.RequiresGpu;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether CUDA can be used is answered by a sentence, never by a crash; here or on a machine with a GPU. */
class CudaDriverTest {
    private static final String NO_DRIVER =
            "unavailable: there is no NVIDIA driver here (libcuda.so.1 cannot be loaded)";

    @TempDir
    private Path folder;

    private Path go;

    @BeforeEach
    void makeFolders() throws IOException {
        go = folder.resolve("go");
        Files.createDirectory(folder.resolve("tmp"));
    }

    private Path tmp() {
        return folder.resolve("tmp");
    }

    @Test
    void jvmsStartedTogetherAllLoadWholeLibraries() throws IOException {
        List<ChildJvm> jvms = IntStream.range(0, 8)
                .mapToObj(i -> ChildJvm.start(tmp(), LoadDriver.class, go.toString()))
                .toList();
        Files.createFile(go);
        List<ChildJvm.Result> results = jvms.stream().map(ChildJvm::result).toList();

        assertThat(results).allSatisfy(r -> {
            assertThat(r.exitCode()).as(r.output()).isZero();
            assertThat(r.output().lines())
                    .hasSize(2)
                    .allMatch(line -> line.equals(NO_DRIVER) || line.matches("devices [1-9]\\d*"));
        });
        assertThat(results)
                .extracting(ChildJvm.Result::output)
                .containsOnly(results.get(0).output());
        try (Stream<Path> left = Files.list(tmp())) {
            assertThat(left.filter(f -> !f.getFileName().toString().startsWith("hsperfdata")))
                    .containsExactly(tmp().resolve(NativeLibrary.FILE));
        }
    }

    @Test
    void aTemporaryFolderThatIsNotThereIsAReason() throws IOException {
        Files.createFile(go);
        assertThat(ChildJvm.start(folder.resolve("nowhere"), LoadDriver.class, go.toString())
                        .result()
                        .output()
                        .lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("unavailable: the CUDA binding cannot be put at ")
                        .contains("nowhere")
                        .endsWith("set -Djava.io.tmpdir to a folder that this user alone can write"));
    }

    @Test
    void aClassPathWithoutTheBindingIsAReason() throws IOException {
        Files.createFile(go);
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.matches(".*[/\\\\]jcuda-\\d[^/\\\\]*"))
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(ChildJvm.start(classPath, tmp(), Map.of(), LoadDriver.class, go.toString())
                        .result()
                        .output()
                        .lines())
                .hasSize(2)
                .allMatch(line ->
                        line.equals("unavailable: the CUDA binding cannot be loaded: jcuda/driver/JCudaDriver"));
    }

    @Test
    @RequiresGpu
    void aGpuThatIsHiddenIsAReason() throws IOException {
        Files.createFile(go);
        Map<String, String> hidden = Map.of("CUDA_VISIBLE_DEVICES", "");
        assertThat(ChildJvm.start(System.getProperty("java.class.path"), tmp(), hidden, LoadDriver.class, go.toString())
                        .result()
                        .output()
                        .lines())
                .hasSize(2)
                .allMatch(
                        line -> line.equals("unavailable: there is an NVIDIA driver, but no GPU that this process may "
                                + "use (CUDA_VISIBLE_DEVICES='')"));
    }

    @ParameterizedTest
    @CsvSource({"Linux, aarch64", "Mac OS X, aarch64", "Mac OS X, x86_64", "Windows 11, amd64"})
    void aPlatformWithoutABindingIsAReason(String os, String arch) {
        assertThatThrownBy(() -> NativeLibrary.checkPlatform(os, arch))
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessage("the CUDA binding is for Linux on x86-64, this is " + os + " on " + arch);
    }

    @Test
    void aFolderThatForbidsExecutionIsExplained() {
        assertThat(LinkProblem.sentence("Error while loading native library\n... java.lang.UnsatisfiedLinkError: no X\n"
                        + "java.lang.UnsatisfiedLinkError: /tmp/x.so: /tmp/x.so: failed to map segment from shared object\n"
                        + "\tat java.base\n"))
                .isEqualTo("the CUDA binding cannot be loaded: /tmp/x.so: /tmp/x.so: failed to map segment from shared "
                        + "object; is java.io.tmpdir mounted noexec? Then point it to another folder");
    }
}
