package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkmoe.core.cuda.PtxBuild.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed PTX is what the kernel files say now. */
class PtxResourcesTest {
    private static final PtxBuild BUILD = new PtxBuild(Path.of(""));
    private static final String STALE = "%s is stale or missing; with nvcc, write it anew: " + PtxBuild.COMMAND;

    static List<Kernel> kernels() {
        return BUILD.kernels();
    }

    /** Needs no nvcc: the first line holds a hash of what the text was made from. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("kernels")
    void wasMadeFromTheSource(Kernel kernel) throws IOException {
        assertThat(PtxBuild.firstLine(kernel.resource()))
                .as(STALE, kernel.resource())
                .startsWith(BUILD.hashLine(kernel));
    }

    /** The build compiled it where there is an nvcc; the same release has to say the same. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("kernels")
    void isWhatTheSameCompilerWrites(Kernel kernel) throws IOException {
        String committed = PtxBuild.firstLine(kernel.resource());
        assumeTrue(
                PtxBuild.firstLine(kernel.built()).equals(committed),
                "this build did not compile " + kernel + " with the release that wrote the committed PTX");
        assertThat(PtxBuild.text(kernel.resource()))
                .as(STALE, kernel.resource())
                .isEqualTo(Files.readString(kernel.built()));
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("kernels")
    void isForOldDriversAndDevices(Kernel kernel) throws IOException {
        assertThat(PtxBuild.text(kernel.resource()).lines())
                .contains(".version " + PtxBuild.PTX_VERSION, ".target sm_" + kernel.arch());
    }

    @Test
    void thereIsNoPtxWithoutASource() {
        assertThat(BUILD.orphans()).isEmpty();
    }

    @Test
    void theHashFollowsSourceAndIncludes(@TempDir Path module) throws IOException {
        Path folder = Files.createDirectories(module.resolve("src/main/cuda/include"));
        Files.writeString(folder.resolve("b.cuh"), "int b;\n");
        Files.writeString(folder.resolve("a.cuh"), "#include \"b.cuh\"\n");
        Path source = folder.resolveSibling("k.cu");
        Files.writeString(source, "#include \"a.cuh\"\n#include \"include/b.cuh\"\n");
        PtxBuild build = new PtxBuild(module);
        Kernel kernel = build.kernels().get(0);
        String first = build.hash(kernel);

        Files.writeString(folder.resolve("b.cuh"), "int b;\r\n");
        assertThat(build.hash(kernel)).as("line ends do not matter").isEqualTo(first);
        Files.writeString(folder.resolve("b.cuh"), "int c;\n");
        assertThat(build.hash(kernel)).isNotEqualTo(first);
        Files.writeString(folder.resolve("b.cuh"), "int b;\n");
        assertThat(build.hash(kernel)).isEqualTo(first);
        assertThat(build.hash(new Kernel(
                        Files.copy(source, source.resolveSibling("k_sm90.cu")), kernel.resource(), kernel.built())))
                .as("flags matter")
                .isNotEqualTo(first);
    }

    @Test
    void theTextIsFreeOfPathsAndComments() {
        String raw = "// Cuda compilation tools\n.version 9.0\n.target sm_75\n"
                + ".global .align 1 .b8 _ZN30_INTERNAL_1f77973f_4_a_cu_fill5beginE[1];\n"
                + ".global .align 1 .b8 _ZN30_INTERNAL_1f77973f_4_a_cu_fill3endE[1];\n"
                + "\t.loc 1 2 3\n\tmov.u64 %r1, _ZN30_INTERNAL_1f77973f_4_a_cu_fill3endE; // why\n\n";
        assertThat(PtxBuild.normalise(raw))
                .isEqualTo(".version 8.0\n.target sm_75\n"
                        + ".global .align 1 .b8 _ZN30_INTERNAL_00000000_4_a_cu_fill3endE[1];\n"
                        + "mov.u64 %r1, _ZN30_INTERNAL_00000000_4_a_cu_fill3endE;\n");
    }
}
