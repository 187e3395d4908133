package io.sparkmoe.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.RoutingBackends.Choice;
import io.sparkmoe.core.RoutingBackends.Request;
import org.junit.jupiter.api.Test;

class RoutingBackendsTest {
    @Test
    void requestsAreReadInAnyCase() {
        assertThat(Request.parse("auto")).isEqualTo(Request.AUTO);
        assertThat(Request.parse("CUDA")).isEqualTo(Request.CUDA);
        assertThat(Request.parse("Cpu")).isEqualTo(Request.CPU);
        assertThatThrownBy(() -> Request.parse("gpu"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("spark.moe.backend is auto, cuda or cpu, got 'gpu'");
    }

    @Test
    void theReasonSaysWhyTheCpuRuns() {
        assertThat(open(Request.CPU)).isEqualTo("cpu was requested");
        assertThat(open(Request.AUTO)).startsWith("auto: ");
        assertThat(open(Request.CUDA)).startsWith("cuda was requested, but ");
    }

    private static String open(Request request) {
        Choice choice = RoutingBackends.open(request, false);
        choice.backend().close();
        assertThat(choice.backend().name()).isEqualTo("cpu");
        return choice.reason();
    }

    @Test
    void strictCudaThatCannotBeHadIsAnError() {
        assertThatThrownBy(() -> RoutingBackends.open(Request.CUDA, true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("spark.moe.backend=cuda cannot be had")
                .hasMessageContaining("spark.moe.backend.strict=false");
    }
}
