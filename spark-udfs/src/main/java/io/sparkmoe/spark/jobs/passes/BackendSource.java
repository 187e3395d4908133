package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.RoutingBackend;
import java.io.Serializable;

/** Gives a task the backend of its executor. The backend outlives the task and is not closed by it. */
@FunctionalInterface
public interface BackendSource extends Serializable {
    RoutingBackend get();
}
