package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.util.ArrowUtils;
import scala.Tuple2;

/** Compares the rows of one partition. Everything it allocates is released before it returns, also by an exception. */
final class CompareTask implements PairFlatMapFunction<Iterator<InternalRow>, CompareKey, long[]> {
    private static final long serialVersionUID = 1L;

    private final CompareOptions options;
    private final int layers;
    private final BackendSource backend;

    /** @param layers layers that both sides have */
    CompareTask(CompareOptions options, int layers, BackendSource backend) {
        this.options = options;
        this.layers = layers;
        this.backend = backend;
    }

    @Override
    public Iterator<Tuple2<CompareKey, long[]>> call(Iterator<InternalRow> rows) {
        if (!rows.hasNext()) {
            return Collections.emptyIterator();
        }
        String name = "moe-compare-" + TaskContext.get().taskAttemptId();
        RoutingBackend own = backend.get();
        try (BufferAllocator allocator = ArrowUtils.rootAllocator().newChildAllocator(name, 0, Long.MAX_VALUE);
                PairSink sink = new PairSink(own, options, allocator)) {
            PairWalk walk = new PairWalk(options, layers, sink);
            rows.forEachRemaining(walk::row);
            Map<CompareKey, long[]> out = walk.end();
            out.putAll(sink.totals());
            return out.entrySet().stream()
                    .map(e -> new Tuple2<>(e.getKey(), e.getValue()))
                    .iterator();
        } finally {
            MoeMetrics.total(own);
        }
    }
}
