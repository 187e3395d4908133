package io.sparkmoe.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may import whom. docs/architecture says why. */
class ArchitectureTest {
    private static final String CORE = "io.sparkmoe.core.";
    private static final Path SPARK_SOURCES = Path.of("..", "spark-udfs", "src", "main", "java");
    private static final SourceImports SOURCES = SourceImports.under(Path.of("src", "main", "java"));

    @Test
    void theSourcesAreRead() {
        assertThat(SOURCES.packages())
                .contains(
                        CORE + "routing",
                        CORE + "reorder",
                        CORE + "analysis",
                        CORE + "cpu",
                        CORE + "metrics",
                        CORE + "cuda.driver");
        assertThat(SOURCES.of(CORE + "cuda.driver")).anyMatch(i -> i.isIn("jcuda.driver"));
        assertThat(SOURCES.of(CORE + "cpu")).anyMatch(i -> i.imported().equals(CORE + "routing.RoutingBatch"));
    }

    /** Of the reorder operators and the analyses, routing knows where to get them. */
    @Test
    void routingImportsArrowJspecifyAndTheJdk() {
        assertThat(SOURCES.of(CORE + "routing"))
                .allMatch(i -> i.isJdk()
                        || i.isIn("sun.misc")
                        || i.isIn("org.apache.arrow.memory")
                        || i.isIn("org.jspecify.annotations")
                        || i.imported().equals(CORE + "reorder.ReorderBackend")
                        || i.imported().equals(CORE + "analysis.AnalysisBackend")
                        || i.isIn(CORE + "routing"));
    }

    @Test
    void analysisImportsRoutingArrowJspecifyAndTheJdk() {
        assertThat(SOURCES.of(CORE + "analysis"))
                .allMatch(i -> i.isJdk()
                        || i.isIn("org.apache.arrow.memory")
                        || i.isIn("org.jspecify.annotations")
                        || i.isIn(CORE + "analysis")
                        || i.isIn(CORE + "routing"));
    }

    @Test
    void reorderImportsRoutingArrowJspecifyAndTheJdk() {
        assertThat(SOURCES.of(CORE + "reorder"))
                .allMatch(i -> i.isJdk()
                        || i.isIn("org.apache.arrow.memory")
                        || i.isIn("org.jspecify.annotations")
                        || i.isIn(CORE + "routing")
                        || i.isIn(CORE + "reorder"));
    }

    @Test
    void metricsImportTheJdk() {
        assertThat(SOURCES.of(CORE + "metrics"))
                .allMatch(i -> i.isJdk() || i.isIn("org.jspecify.annotations") || i.isIn(CORE + "metrics"));
    }

    @Test
    void cpuAndCudaNeverMeet() {
        assertThat(SOURCES.of(CORE + "cpu")).noneMatch(i -> i.isIn(CORE + "cuda"));
        assertThat(SOURCES.of(CORE + "cuda")).noneMatch(i -> i.isIn(CORE + "cpu"));
    }

    @Test
    void onlyTheDriverImportsJcudaAndItKnowsNoRouting() {
        assertThat(SOURCES.all()).allMatch(i -> !i.isIn("jcuda") || i.importerIn(CORE + "cuda.driver"));
        assertThat(SOURCES.of(CORE + "cuda.driver"))
                .allMatch(i -> i.isJdk()
                        || i.isIn("jcuda")
                        || i.isIn("org.jspecify.annotations")
                        || i.isIn("org.slf4j")
                        || i.imported().equals("org.apache.arrow.memory.util.MemoryUtil")
                        || i.isIn(CORE + "cuda.driver"));
    }

    @Test
    void onlyTheFrontDoorNamesTheImplementations() {
        assertThat(SOURCES.all())
                .allMatch(i -> !i.isIn(CORE + "cpu")
                        || i.importerIn(CORE + "cpu")
                        || i.importer().equals(CORE + "RoutingBackends"));
        assertThat(SOURCES.all())
                .allMatch(i -> !i.isIn(CORE + "cuda")
                        || i.importerIn(CORE + "cuda")
                        || i.importer().equals(CORE + "RoutingBackends"));
    }

    @Test
    void theCoreKnowsNoSpark() {
        assertThat(SOURCES.all()).noneMatch(i -> i.isIn("org.apache.spark") || i.isIn("io.sparkmoe.spark"));
    }

    /** Held here and not in spark-udfs, because the reader of imports lives here. */
    @Test
    void sparkSeesTheContractTheMetricsAndTheFrontDoor() {
        assertThat(Files.isDirectory(SPARK_SOURCES)).isTrue();
        List<SourceImports.Import> imports = SourceImports.under(SPARK_SOURCES).all();
        assertThat(imports)
                .allMatch(i -> !i.isIn("io.sparkmoe.core")
                        || i.isIn(CORE + "routing")
                        || i.isIn(CORE + "reorder")
                        || i.isIn(CORE + "analysis")
                        || i.isIn(CORE + "metrics")
                        || i.imported().equals(CORE + "RoutingBackends")
                        || i.imported().startsWith(CORE + "RoutingBackends."));
    }
}
