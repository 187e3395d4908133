package io.sparkmoe.spark.exec;

import io.sparkmoe.core.cuda.CudaRoutingBackend;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;

/** What the backends of this JVM hold, for tests of other packages. */
public final class OpenBackends {
    private OpenBackends() {}

    /** Names of those that are open. */
    public static List<String> names() {
        return ExecutorBackend.opened().stream().map(RoutingBackend::name).toList();
    }

    /** Device memory that calls and accumulators hold; 0 once no task runs. */
    public static long deviceBytes() {
        return ExecutorBackend.opened().stream()
                .filter(CudaRoutingBackend.class::isInstance)
                .mapToLong(b -> ((CudaRoutingBackend) b).usedDeviceBytes())
                .sum();
    }
}
