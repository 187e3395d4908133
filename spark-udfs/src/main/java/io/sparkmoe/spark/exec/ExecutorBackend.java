package io.sparkmoe.spark.exec;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.MoeConf;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The backends of this JVM, one a request, opened when first needed and shared by its tasks. */
public final class ExecutorBackend {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorBackend.class);
    private static final Map<RoutingBackends.Request, RoutingBackend> OPEN =
            new EnumMap<>(RoutingBackends.Request.class);

    private ExecutorBackend() {}

    /** The backend for a query's configuration; says once which one runs and why. */
    public static synchronized RoutingBackend get(MoeConf conf) {
        RoutingBackend open = OPEN.get(conf.backend());
        if (open != null && !(conf.strict() && conf.backend() == RoutingBackends.Request.CUDA)) {
            return open;
        }
        RoutingBackends.Choice choice = RoutingBackends.open(conf.backend(), conf.strict());
        LOG.info("Spark MoE runs on the {} backend: {}", choice.backend().name(), choice.reason());
        OPEN.put(conf.backend(), choice.backend());
        return choice.backend();
    }

    /** Closes what is open; a later get opens anew. */
    public static synchronized void closeAll() {
        OPEN.values().forEach(RoutingBackend::close);
        OPEN.clear();
    }
}
