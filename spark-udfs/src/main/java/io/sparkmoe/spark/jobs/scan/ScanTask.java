package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.jobs.audit.AuditFeed;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import io.sparkmoe.spark.jobs.rows.TraceFields;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * The scan of one partition: slices go to every feeder; partials come out at the end, or earlier when the feeders' sums
 * outgrow the bound.
 *
 * @param columnar whether the partition comes as columnar batches
 * @param stateBytes bound of the feeders' sums together
 * @param sliceIds about how many ids a slice has
 */
record ScanTask(
        TraceFields fields,
        List<FeederPlan> plans,
        boolean columnar,
        boolean excludeCached,
        long stateBytes,
        int sliceIds,
        BackendSource backend)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    Iterator<Tuple2<PartialKey, byte[]>> call(Iterator<?> partition) {
        return new Run(partition);
    }

    private final class Run implements Iterator<Tuple2<PartialKey, byte[]>> {
        private final ArrayDeque<Tuple2<PartialKey, byte[]>> ready = new ArrayDeque<>();
        private final List<Feeder> feeders = new ArrayList<>();
        private final AuditFeed audit = new AuditFeed(TaskContext.getPartitionId());
        private final RoutingBackend own = backend.get();
        private final BufferAllocator allocator;
        private final SliceReader reader;
        private boolean ended;
        private boolean closed;

        Run(Iterator<?> partition) {
            TaskContext context = TaskContext.get();
            allocator = ArrowUtils.rootAllocator()
                    .newChildAllocator("moe-scan-" + context.taskAttemptId(), 0, Long.MAX_VALUE);
            reader = new SliceReader(
                    RowCursor.of(partition, columnar), fields, audit, excludeCached, sliceIds, own, allocator);
            context.addTaskCompletionListener((TaskCompletionListener) c -> close());
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && !ended) {
                advance();
            }
            return !ready.isEmpty();
        }

        private void advance() {
            TraceSlice slice = reader.next();
            if (slice == null) {
                feeders.forEach(Feeder::end);
                drain();
                ready.add(new Tuple2<>(PartialKey.of(Family.AUDIT), audit.end()));
                ended = true;
                close();
                return;
            }
            if (feeders.isEmpty()) {
                FeederPlan.Task task = new FeederPlan.Task(own, allocator, reader.numExperts(), reader.topk());
                plans.forEach(p -> feeders.add(p.open(task)));
            }
            feeders.forEach(f -> f.feed(slice));
            if (feeders.stream().mapToLong(Feeder::bytes).sum() > stateBytes) {
                drain();
            }
            TaskContext.get().killTaskIfInterrupted();
        }

        private void drain() {
            feeders.forEach(f -> f.drain((key, partial) -> ready.add(new Tuple2<>(key, partial))));
        }

        @Override
        public Tuple2<PartialKey, byte[]> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.remove();
        }

        private void close() {
            if (closed) {
                return;
            }
            closed = true;
            feeders.forEach(Feeder::close);
            reader.close();
            MoeMetrics.total(own);
            allocator.close();
        }
    }
}
