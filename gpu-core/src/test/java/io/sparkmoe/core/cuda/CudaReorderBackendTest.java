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
            return CudaRoutingBackend.open(DeviceSettings.DEFAULTS, new CpuRoutingBackend());
        } catch (CudaUnavailableException e) {
            throw new IllegalStateException(e);
        }
    }
}
