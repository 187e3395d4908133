package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.MoeConf;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A task's state of a batch node: one collector a distinct input, the results of the slice in hand, and their memory,
 * freed when the task ends however it ends.
 */
final class SliceTask implements AutoCloseable {
    private final TaskContext context;
    private final MoeConf conf;
    private final MoeMetrics metrics;
    private final List<Call> calls;
    private final BufferAllocator allocator;
    private final RoutingBackend backend;
    private final Map<Object, IdCollector> collectors = new LinkedHashMap<>();
    private final IdCollector[] inputs;
    private List<ResultColumn> results = new ArrayList<>();
    private long nextRow;

    SliceTask(TaskContext context, MoeConf conf, MoeMetrics metrics, List<Call> calls, DataType[] types) {
        this.context = context;
        this.conf = conf;
        this.metrics = metrics;
        this.calls = calls;
        this.backend = ExecutorBackend.get(conf);
        this.allocator = ArrowUtils.rootAllocator()
                .newChildAllocator("spark-moe-task-" + context.taskAttemptId(), 0, Long.MAX_VALUE);
        // Listeners run last registered first: consumers that came later are closed before us.
        context.addTaskCompletionListener((TaskCompletionListener) c -> close());
        this.inputs = new IdCollector[calls.size()];
        for (int i = 0; i < inputs.length; i++) {
            Call call = calls.get(i);
            DataType type = types[i];
            Object key = List.of(
                    call.input(),
                    IdElements.policyMatters(type) ? call.operator().ids() : "any");
            inputs[i] = collectors.computeIfAbsent(
                    key, k -> new IdCollector(type, call.operator().ids(), backend.inputBuffers(allocator)));
        }
    }

    /** Starts a slice: the results of the one before are freed. */
    void begin() {
        closeResults();
        collectors.values().forEach(c -> c.reset(nextRow));
    }

    /** The collector of a call's input, and whether this call is the one to fill it. */
    IdCollector collector(int call) {
        return inputs[call];
    }

    boolean fills(int call) {
        for (int i = 0; i < call; i++) {
            if (inputs[i] == inputs[call]) {
                return false;
            }
        }
        return true;
    }

    /** Bytes that a row's ids and results may take. */
    long bound(int call, long ids) {
        return (fills(call) ? 4 * ids : 0)
                + calls.get(call).operator().options().maxResultBytes(ids);
    }

    long maxBytes() {
        return conf.maxBytes();
    }

    /** Runs every call over what has been collected. */
    ColumnVector[] run(int rows) {
        long ids = collectors.values().stream().mapToLong(IdCollector::ids).sum();
        long bytes = collectors.values().stream().mapToLong(IdCollector::bytes).sum();
        long start = System.nanoTime();
        ColumnVector[] columns = new ColumnVector[calls.size()];
        long out = 0;
        IdCounts left = IdCounts.NONE;
        for (int i = 0; i < columns.length; i++) {
            ResultColumn result = answer(i);
            results.add(result);
            columns[i] = result.column();
            out += result.bytes();
            left = left.plus(result.counts());
        }
        metrics.add("kernelTime", System.nanoTime() - start);
        metrics.add("bytesOut", out);
        metrics.add("numOutputRows", rows);
        metrics.batch(backend, rows, ids, bytes);
        metrics.left(left);
        nextRow += rows;
        context.killTaskIfInterrupted();
        return columns;
    }

    private ResultColumn answer(int call) {
        Call c = calls.get(call);
        IdCollector in = inputs[call];
        try {
            return c.operator().run(backend, in.batch(), in.nulls(), allocator);
        } catch (MalformedRoutingException e) {
            throw c.in(context, e);
        }
    }

    /** Runs a collecting step over a whole slice, timed. */
    void collect(int call, Runnable step) {
        long start = System.nanoTime();
        named(call, step);
        metrics.add("copyTime", System.nanoTime() - start);
    }

    /** Runs a step; a complaint about the data gets the call's name. */
    void named(int call, Runnable step) {
        try {
            step.run();
        } catch (MalformedRoutingException e) {
            throw calls.get(call).in(context, e);
        }
    }

    void closeResults() {
        List<ResultColumn> old = results;
        results = new ArrayList<>();
        old.forEach(ResultColumn::close);
    }

    @Override
    public void close() {
        closeResults();
        collectors.values().forEach(IdCollector::close);
        collectors.clear();
        metrics.rest(backend);
        metrics.set("peakMemory", allocator.getPeakMemoryAllocation());
        allocator.close();
    }
}
