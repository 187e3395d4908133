package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.RoutingBackend;
import java.io.Serializable;
import org.apache.arrow.memory.BufferAllocator;

/** An analysis as a scan is asked for it. */
public interface FeederPlan extends Serializable {
    /** What a feeder needs to know of its task. */
    record Task(RoutingBackend backend, BufferAllocator allocator, int numExperts, int topk) {}

    Feeder open(Task task);
}
