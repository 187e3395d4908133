package io.sparkmoe.core.cuda;

import io.sparkmoe.core.contract.ReorderBackendContractTest;
import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.RoutingBackend;

@RequiresGpu
class CudaReorderBackendTest extends ReorderBackendContractTest {
    @Override
    protected RoutingBackend open() {
        try {
            // A kernel that fails shall fail its test, which would pass by the CPU.
            DeviceSettings strict = new DeviceSettings(null, 0.5, 2L << 30, 2, true, null);
            return CudaRoutingBackend.open(strict, new CpuRoutingBackend());
        } catch (CudaUnavailableException e) {
            throw new IllegalStateException(e);
        }
    }
}
