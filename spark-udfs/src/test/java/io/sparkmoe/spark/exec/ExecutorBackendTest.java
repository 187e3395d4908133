package io.sparkmoe.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.RoutingBackends.Request;
import io.sparkmoe.core.cuda.CudaRoutingBackend;
import io.sparkmoe.core.cuda.driver.CudaDevice;
import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.gpu.RequiresGpu;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which GPU a task gets, and that a process opens each once. */
class ExecutorBackendTest {
    private static final String UUID = "GPU-7f1c2a34-5b6d-4e8f-9a0b-1c2d3e4f5061";

    @BeforeEach
    @AfterEach
    void nothingIsOpen() {
        ExecutorBackend.closeAll();
    }

    private static Map<String, ResourceInformation> gpus(String... addresses) {
        return Map.of(
                "gpu", new ResourceInformation("gpu", addresses), "fpga", new ResourceInformation("fpga", new String[] {
                    "f0"
                }));
    }

    @Test
    void aTaskGetsItsOwnAddressBeforeTheExecutors() {
        assertThat(ExecutorBackend.taskAddress(Map.of())).isNull();
        assertThat(ExecutorBackend.taskAddress(gpus())).isNull();
        assertThat(ExecutorBackend.taskAddress(gpus("3"))).isEqualTo("3");
        assertThat(ExecutorBackend.taskAddress(gpus(UUID, "1"))).isEqualTo(UUID);
        ExecutorBackend.open(gpus("9999", UUID));
        assertThat(ExecutorBackend.taskAddress(Map.of())).isEqualTo("9999");
        assertThat(ExecutorBackend.taskAddress(gpus("1"))).isEqualTo("1");
        ExecutorBackend.closeAll();
        assertThat(ExecutorBackend.taskAddress(Map.of())).isNull();
    }

    @Test
    void anExecutorWithoutGpuOpensNothingBeforehand() {
        ExecutorBackend.open(Map.of());
        assertThat(ExecutorBackend.opened()).isEmpty();
    }

    @Test
    void theCpuIsOpenedOnceWhateverTheAddress() {
        RoutingBackend cpu = ExecutorBackend.get(Request.CPU, true, "0");
        assertThat(ExecutorBackend.get(Request.CPU, false, UUID)).isSameAs(cpu);
        assertThat(OpenBackends.names()).containsExactly("cpu");
    }

    @Test
    @RequiresGpu
    void anIndexAndAUuidNameTheDevice() throws Exception {
        CudaDevice device = CudaDriver.load().devices().get(0);
        RoutingBackend byUuid = ExecutorBackend.get(Request.CUDA, true, device.uuid());
        assertThat(((CudaRoutingBackend) byUuid).device()).isEqualTo(device.toString());
        assertThat(ExecutorBackend.get(Request.AUTO, false, device.uuid())).isSameAs(byUuid);
        assertThat(ExecutorBackend.get(Request.CUDA, true, null)).isInstanceOf(CudaRoutingBackend.class);
        assertThat(ExecutorBackend.get(Request.CPU, true, device.uuid()).name()).isEqualTo("cpu");
        assertThat(OpenBackends.deviceBytes()).isZero();
    }

    @Test
    @RequiresGpu
    void aPluginOpensTheAssignedDeviceBeforeTheFirstTask() throws Exception {
        ExecutorBackend.open(gpus(CudaDriver.load().devices().get(0).uuid()));
        assertThat(OpenBackends.names()).containsExactly("cuda");
    }

    @Test
    @RequiresGpu
    void anAddressThatIsNotThereIsAnErrorThatListsTheDevices() throws Exception {
        assertThatThrownBy(() -> ExecutorBackend.get(Request.AUTO, false, UUID))
                .hasMessageContaining(UUID)
                .hasMessageContaining(CudaDriver.load().devices().get(0).uuid());
        assertThatThrownBy(() -> ExecutorBackend.get(Request.CUDA, true, "9999"))
                .hasMessageContaining("GPU address '9999'");
        assertThat(ExecutorBackend.opened()).isEmpty();
    }
}
