package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.exec.MoeMetrics;
import java.util.Iterator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.util.ArrowUtils;
import scala.Tuple2;

/** Measures the passes of one partition. Everything it allocates is released before it returns, also by an exception. */
final class PassTask implements PairFlatMapFunction<Iterator<InternalRow>, PassKey, PassTotals> {
    private static final long serialVersionUID = 1L;

    private final PassCutter cutter;
    private final ReplayOptions options;
    private final BackendSource backend;

    PassTask(PassCutter cutter, ReplayOptions options, BackendSource backend) {
        this.cutter = cutter;
        this.options = options;
        this.backend = backend;
    }

    @Override
    public Iterator<Tuple2<PassKey, PassTotals>> call(Iterator<InternalRow> rows) {
        if (!rows.hasNext()) {
            return java.util.Collections.emptyIterator();
        }
        String name = "moe-passes-" + TaskContext.get().taskAttemptId();
        RoutingBackend own = backend.get();
        try (BufferAllocator allocator = ArrowUtils.rootAllocator().newChildAllocator(name, 0, Long.MAX_VALUE);
                PassSink sink = new PassSink(own, options, allocator)) {
            cutter.cut(rows, sink);
            return sink.totals().entrySet().stream()
                    .map(e -> new Tuple2<>(e.getKey(), e.getValue()))
                    .iterator();
        } finally {
            MoeMetrics.total(own);
        }
    }
}
