package io.sparkmoe.core.cpu;

import io.sparkmoe.core.contract.RoutingBackendContractTest;
import io.sparkmoe.core.routing.RoutingBackend;

class CpuRoutingBackendTest extends RoutingBackendContractTest {
    @Override
    protected RoutingBackend open() {
        return new CpuRoutingBackend();
    }
}
