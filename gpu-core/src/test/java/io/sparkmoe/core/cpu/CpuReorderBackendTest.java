package io.sparkmoe.core.cpu;

import io.sparkmoe.core.contract.ReorderBackendContractTest;
import io.sparkmoe.core.routing.RoutingBackend;

class CpuReorderBackendTest extends ReorderBackendContractTest {
    @Override
    protected RoutingBackend open() {
        return new CpuRoutingBackend();
    }
}
