package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backend must do; a subclass opens the one to test. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class RoutingBackendContractTest {
    private RoutingBackend backend;

    /** The backend under test; closed after the last test. */
    protected abstract RoutingBackend open();

    @BeforeAll
    void openBackend() {
        backend = open();
    }

    @AfterAll
    void closeBackend() {
        backend.close();
    }

    private static Stream<DynamicTest> random(Consumer<Routing> check) {
        return RandomRouting.all().map(r -> DynamicTest.dynamicTest(r.name(), () -> check.accept(r)));
    }

    @TestFactory
    Stream<DynamicTest> alignAgreesWithTheDefinition() {
        return random(new AlignContract(backend)::align);
    }

    @TestFactory
    Stream<DynamicTest> alignCompactAgreesWithTheDefinition() {
        return random(new AlignContract(backend)::compact);
    }

    @TestFactory
    Stream<DynamicTest> epPreprocessAgreesWithTheDefinition() {
        return random(new EpPreprocessContract(backend)::all);
    }

    @TestFactory
    Stream<DynamicTest> expertCountsAgreeWithTheDefinition() {
        return random(new CountsContract(backend)::expertCounts);
    }

    @TestFactory
    Stream<DynamicTest> expertLoadAgreesWithTheDefinition() {
        return random(new CountsContract(backend)::expertLoad);
    }

    @TestFactory
    Stream<DynamicTest> paddingAgreesWithTheDefinition() {
        return random(new CountsContract(backend)::padding);
    }

    @TestFactory
    Stream<DynamicTest> paddingTotalsAgreeWithTheDefinition() {
        return random(new CountsContract(backend)::paddingTotals);
    }

    @Test
    void aRankWithoutExpertsDropsEverything() {
        RandomRouting.all().limit(7).forEach(new AlignContract(backend)::noLocalExpert);
    }

    private static Stream<DynamicTest> each(
            Map<String, ErrorContract.Operator> operators, Consumer<ErrorContract.Operator> check) {
        return operators.entrySet().stream()
                .map(o -> DynamicTest.dynamicTest(o.getKey(), () -> check.accept(o.getValue())));
    }

    @TestFactory
    Stream<DynamicTest> anInvalidIdIsNamed() {
        ErrorContract errors = new ErrorContract(backend);
        return each(errors.operators(), errors::invalidId);
    }

    @TestFactory
    Stream<DynamicTest> aMaskedIdIsNamedWhereItIsAnError() {
        ErrorContract errors = new ErrorContract(backend);
        return each(errors.orderings(), errors::maskedId);
    }

    @TestFactory
    Stream<DynamicTest> nothingStaysAllocatedWhenMemoryRunsOut() {
        ErrorContract errors = new ErrorContract(backend);
        return each(errors.orderings(), errors::outOfMemory);
    }

    @TestFactory
    Stream<DynamicTest> limits() {
        LimitsContract limits = new LimitsContract(backend);
        return Stream.of(
                DynamicTest.dynamicTest("topk must divide", limits::topkMustDivide),
                DynamicTest.dynamicTest("an expert must fit its rows", limits::anExpertMustFitItsRows),
                DynamicTest.dynamicTest("expert_num_tokens must be in range", limits::batchedTokensMustBeInRange),
                DynamicTest.dynamicTest("a row may not pad 2^31", limits::aRowMayNotPad2To31),
                DynamicTest.dynamicTest("a batch may not pad 2^31", limits::aBatchMayNotPad2To31),
                DynamicTest.dynamicTest("a batch may not have 2^31 offsets", limits::aBatchMayNotHave2To31Offsets),
                DynamicTest.dynamicTest("most experts", limits::mostExperts));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {31, 32, 33, 34})
    void groupedGemmTilesAgreeWithTheDefinition(long seed) {
        new TilesContract(backend).tiles(seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {41, 42, 43, 44})
    void batchedAlignAgreesWithTheDefinition(long seed) {
        new TilesContract(backend).batchedAlign(seed);
    }

    @Test
    void groupedGemmTilesNameWhatIsWrong() {
        new TilesContract(backend).errors();
    }

    /** A backend serves many threads at once. */
    @Test
    void threadsDoNotDisturbEachOther() {
        List<Routing> routings = RandomRouting.all().limit(40).toList();
        routings.parallelStream().forEach(r -> {
            new AlignContract(backend).compact(r);
            new EpPreprocessContract(backend).all(r);
        });
    }

    private static Stream<DynamicTest> golden(String file, Consumer<JsonNode> check) {
        return GoldenRows.read(file).stream()
                .map(row -> DynamicTest.dynamicTest(
                        row.get("case").textValue() + " " + row.path("impl").asText() + " ignore_invalid "
                                + row.path("ignore_invalid").asText("-"),
                        () -> check.accept(row)));
    }

    @TestFactory
    Stream<DynamicTest> alignGivesWhatThePeersGave() {
        return golden("align", new GoldenContract(backend)::align);
    }

    @TestFactory
    Stream<DynamicTest> batchedAlignGivesWhatVllmGave() {
        return golden("batched_align", new GoldenContract(backend)::batchedAlign);
    }

    @TestFactory
    Stream<DynamicTest> epPreprocessGivesWhatThePeersGave() {
        return golden("ep_preprocess", new GoldenEpContract(backend)::check);
    }

    @TestFactory
    Stream<DynamicTest> histogramGivesWhatPytorchGave() {
        return golden("histogram", new GoldenContract(backend)::histogram);
    }

    private static Stream<DynamicTest> tokens(Consumer<RandomTokens.Tokens> check) {
        return RandomTokens.all().map(t -> DynamicTest.dynamicTest(t.toString(), () -> check.accept(t)));
    }

    @TestFactory
    Stream<DynamicTest> coactivationAgreesWithTheDefinition() {
        CoactivationContract contract = new CoactivationContract(backend);
        return tokens(t -> Stream.of(CoactivationKind.values()).forEach(kind -> contract.agrees(t, kind)));
    }

    @TestFactory
    Stream<DynamicTest> coactivationOfTokensOneByOneAgreesWithTheDefinition() {
        CoactivationContract contract = new CoactivationContract(backend);
        return tokens(t -> Stream.of(CoactivationKind.values()).forEach(kind -> contract.aSegmentIsAToken(t, kind)));
    }

    @TestFactory
    Stream<DynamicTest> coactivationGivesWhatPytorchGave() {
        return golden("histogram", new CoactivationContract(backend)::golden);
    }

    @TestFactory
    Stream<DynamicTest> transitionsAgreeWithTheDefinition() {
        return RandomTokens.all()
                .filter(t -> t.routing().numExperts() < 200)
                .map(t -> DynamicTest.dynamicTest(t.toString(), () -> new TransitionContract(backend).agrees(t)));
    }

    @TestFactory
    Stream<DynamicTest> agreementAgreesWithTheDefinition() {
        return RandomTokens.all()
                .filter(AgreementContract::takes)
                .map(t -> DynamicTest.dynamicTest(t.toString(), () -> new AgreementContract(backend).agrees(t)));
    }

    @TestFactory
    Stream<DynamicTest> capacityAgreesWithTheDefinition() {
        return tokens(new CapacityContract(backend)::agrees);
    }

    @TestFactory
    Stream<DynamicTest> limitsOfTheAnalyses() {
        return Stream.of(
                DynamicTest.dynamicTest("co-activation of many tokens", new CoactivationContract(backend)::manyTokens),
                DynamicTest.dynamicTest(
                        "co-activation of many experts", new CoactivationContract(backend)::manyExperts),
                DynamicTest.dynamicTest("co-activation, bad input", new CoactivationContract(backend)::badInput),
                DynamicTest.dynamicTest("transitions in parts", new TransitionContract(backend)::partsAddUp),
                DynamicTest.dynamicTest("transitions, bad input", new TransitionContract(backend)::badInput),
                DynamicTest.dynamicTest("agreement, bad input", new AgreementContract(backend)::badInput),
                DynamicTest.dynamicTest("capacity, arithmetic", new CapacityContract(backend)::megatronsArithmetic),
                DynamicTest.dynamicTest("capacity, bad input", new CapacityContract(backend)::badInput));
    }

    @Test
    void noRecordedRowIsMissing() {
        assertThat(rows("align"))
                .isEqualTo(Map.of("sglang_aot", 33L, "sglang_jit_v2", 1L, "sglang_single_token", 2L, "vllm", 38L));
        assertThat(rows("ep_preprocess"))
                .isEqualTo(Map.of(
                        "sglang_deepep_preprocess", 11L,
                        "sglang_fused_dispatch_index", 11L,
                        "sglang_moe_permute_prepare", 20L,
                        "sglang_run_moe_ep_preproess", 11L,
                        "trtllm_three_step", 3L,
                        "vllm_sort_scan", 10L));
        assertThat(GoldenRows.read("batched_align")).hasSize(6);
        assertThat(GoldenRows.read("histogram")).hasSize(8);
    }

    private static Map<String, Long> rows(String file) {
        List<JsonNode> rows = GoldenRows.read(file);
        return rows.stream()
                .collect(Collectors.groupingBy(r -> r.get("impl").textValue(), TreeMap::new, Collectors.counting()));
    }
}
