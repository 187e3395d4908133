package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.contract.RecordedRouterContract.Kind;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** What the reorder operators of every backend must do; a subclass opens the one to test. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ReorderBackendContractTest {
    private RoutingBackend routing;
    private ReorderBackend backend;

    /** The backend under test; closed after the last test. */
    protected abstract RoutingBackend open();

    @BeforeAll
    void openBackend() {
        routing = open();
        backend = routing.reorder();
    }

    @AfterAll
    void closeBackend() {
        routing.close();
    }

    private static Stream<DynamicTest> each(Stream<ReorderContract.Check> checks) {
        return checks.map(c -> DynamicTest.dynamicTest(c.name(), c.run()::run));
    }

    @TestFactory
    Stream<DynamicTest> preReorderAgreesWithTheDefinition() {
        return each(new ReorderContract(backend).preReorder());
    }

    @TestFactory
    Stream<DynamicTest> postReorderAgreesWithTheDefinition() {
        return each(new ReorderContract(backend).postReorder());
    }

    @TestFactory
    Stream<DynamicTest> siluAndMulAgreesWithTheDefinition() {
        return each(new SiluContract(backend).all());
    }

    @TestFactory
    Stream<DynamicTest> topkAgreesWithTheDefinition() {
        return each(new TopkContract(backend).all());
    }

    @TestFactory
    Stream<DynamicTest> operandsThatDoNotFitAreNamed() {
        return each(new ReorderErrorContract(backend).all());
    }

    @Test
    void logitsThatDoNotFitAreNamed() {
        new ReorderErrorContract(backend).topk();
    }

    @Test
    void nothingStaysAllocatedWhenMemoryRunsOut() {
        new ReorderErrorContract(backend).outOfMemory();
    }

    @Test
    void resultsAreOperandsWhereverTheyLie() {
        new ReorderChainContract(routing).resultsAreOperands();
    }

    @Test
    void aResultKnowsThatItIsClosed() {
        new ReorderChainContract(routing).aResultKnowsThatItIsClosed();
    }

    /** A backend serves many threads at once. */
    @Test
    void threadsDoNotDisturbEachOther() {
        ReorderContract reorder = new ReorderContract(backend);
        Stream.of(reorder.preReorder(), reorder.postReorder(), new TopkContract(backend).all())
                .flatMap(checks -> checks.limit(60))
                .toList()
                .parallelStream()
                .forEach(c -> c.run().run());
    }

    @Test
    void topkGivesWhatARecordedRouterChose() {
        assertThat(new RecordedRouterContract(backend).check(GoldenRows.read("topk")))
                .isEqualTo(Map.of(Kind.ORDERED, 210, Kind.TIED_INSIDE, 60, Kind.TIED_AT_BOUNDARY, 34));
    }

    private static Stream<DynamicTest> golden(String file, Consumer<JsonNode> check) {
        return GoldenRows.read(file).stream()
                .map(row -> DynamicTest.dynamicTest(
                        row.get("case").textValue() + " " + row.get("impl").textValue(), () -> check.accept(row)));
    }

    @TestFactory
    Stream<DynamicTest> preReorderGivesWhatThePeersGave() {
        return golden("pre_reorder", new ReorderGoldenContract(backend)::preReorder);
    }

    @TestFactory
    Stream<DynamicTest> postReorderGivesWhatThePeersGave() {
        return golden("post_reorder", new ReorderGoldenContract(backend)::postReorder);
    }

    @TestFactory
    Stream<DynamicTest> siluAndMulGivesWhatSglangGave() {
        return golden("silu_and_mul", new ReorderGoldenContract(backend)::siluAndMul);
    }

    @Test
    void noRecordedRowIsMissing() {
        assertThat(rows("pre_reorder"))
                .isEqualTo(Map.of(
                        "sglang_2024_12", 21L,
                        "sglang_2025_10", 7L,
                        "sglang_cuda_2025_08", 6L,
                        "sglang_cutlass_moe", 9L,
                        "sglang_deepep_permute", 9L,
                        "vllm_expand", 5L));
        assertThat(rows("post_reorder"))
                .isEqualTo(Map.of(
                        "sglang_2024_12", 8L,
                        "sglang_2025_10", 8L,
                        "sglang_cuda_2025_08", 5L,
                        "sglang_cutlass_moe", 8L,
                        "sglang_deepep", 8L,
                        "sglang_deepgemm", 8L,
                        "sglang_tip", 7L,
                        "vllm_finalize", 4L));
        assertThat(rows("silu_and_mul")).isEqualTo(Map.of("sglang_2025_10", 5L));
    }

    private static Map<String, Long> rows(String file) {
        return GoldenRows.read(file).stream()
                .collect(Collectors.groupingBy(r -> r.get("impl").textValue(), TreeMap::new, Collectors.counting()));
    }
}
