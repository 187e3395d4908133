package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.MoeConf;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A task's state of a batch node: collectors of the distinct inputs, the results of the slice in hand, and their memory,
 * freed when the task ends however it ends.
 */
final class SliceTask implements AutoCloseable {
    private final TaskContext context;
    private final MoeConf conf;
    private final MoeMetrics metrics;
    private final List<Call> calls;
    private final BufferAllocator allocator;
    private final RoutingBackend backend;
    private final List<InputGroup> groups = new ArrayList<>();
    private final InputGroup[] inputs;
    private List<ResultColumn> results = new ArrayList<>();
    private long nextRow;

    SliceTask(TaskContext context, MoeConf conf, MoeMetrics metrics, List<Call> calls) {
        this.context = context;
        this.conf = conf;
        this.metrics = metrics;
        this.calls = calls;
        this.backend = ExecutorBackend.get(conf);
        this.allocator = ArrowUtils.rootAllocator()
                .newChildAllocator("spark-moe-task-" + context.taskAttemptId(), 0, Long.MAX_VALUE);
        // Listeners run last registered first: consumers that came later are closed before us.
        context.addTaskCompletionListener((TaskCompletionListener) c -> close());
        this.inputs = new InputGroup[calls.size()];
        Map<Object, InputGroup> known = new HashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = group(calls.get(i), known);
        }
    }

    /** The call's inputs, collected once for all calls that read the same. */
    private InputGroup group(Call call, Map<Object, InputGroup> known) {
        List<InputKind> kinds = call.operator().inputs();
        List<Object> key = new ArrayList<>(call.inputs());
        for (int i = 0; i < kinds.size(); i++) {
            key.add(kinds.get(i).collects(call.inputs().get(i).type()));
        }
        InputGroup group = known.get(key);
        if (group == null) {
            group = new InputGroup(call.inputs());
            known.put(key, group);
            groups.add(group);
            group.open(kinds, backend.inputBuffers(allocator), conf.tensorsInPlace());
        }
        group.serves(call.operator());
        return group;
    }

    /** Turns to what slices are cut from next. */
    void look(Slice slice) {
        groups.forEach(g -> g.look(slice));
    }

    /**
     * Where a slice from a row on ends: at the first row that no longer fits; at least one row goes. Where a tensor is taken
     * as it lies, a cut would bring it to the host: then only the results count, which the slices below it bound already.
     */
    int end(int from, int rows) {
        boolean withInputs = groups.stream().noneMatch(InputGroup::inPlace);
        groups.forEach(InputGroup::startSlice);
        long bytes = 0;
        for (int row = from; row < rows; row++) {
            for (int g = 0; g < groups.size(); g++) {
                if (!groups.get(g).joins(row)) {
                    return row;
                }
                bytes += groups.get(g).bound(row, withInputs);
            }
            if (bytes > conf.maxBytes() && row > from) {
                return row;
            }
        }
        return rows;
    }

    /** Runs every call over the rows [from, to); the results of the slice before are freed. */
    ColumnVector[] run(int from, int to) {
        closeResults();
        collect(from, to);
        long ids = groups.stream().mapToLong(InputGroup::ids).sum();
        long bytes = groups.stream().mapToLong(InputGroup::bytes).sum();
        long start = System.nanoTime();
        ColumnVector[] columns = new ColumnVector[calls.size()];
        long out = 0;
        IdCounts left = IdCounts.NONE;
        for (int i = 0; i < columns.length; i++) {
            ResultColumn result = answer(i);
            results.add(result);
            if (result.column() instanceof TensorColumn tensor) {
                tensor.onMove(() -> metrics.rest(backend));
            }
            columns[i] = result.column();
            out += result.bytes();
            left = left.plus(result.counts());
        }
        metrics.add("kernelTime", System.nanoTime() - start);
        metrics.add("bytesOut", out);
        metrics.add(
                "bytesInPlace",
                groups.stream().mapToLong(InputGroup::bytesInPlace).sum());
        metrics.add("numOutputRows", to - from);
        metrics.batch(backend, to - from, ids, bytes);
        metrics.left(left);
        nextRow += to - from;
        context.killTaskIfInterrupted();
        return columns;
    }

    private void collect(int from, int to) {
        long start = System.nanoTime();
        for (InputGroup group : groups) {
            try {
                group.collect(from, to, nextRow);
            } catch (IllegalArgumentException e) {
                throw calls.get(List.of(inputs).indexOf(group)).in(context, e);
            }
        }
        metrics.add("copyTime", System.nanoTime() - start);
    }

    private ResultColumn answer(int call) {
        Call c = calls.get(call);
        try {
            return c.operator().run(inputs[call].inputs(backend, allocator));
        } catch (IllegalArgumentException e) {
            throw c.in(context, e);
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
        groups.forEach(InputGroup::close);
        groups.clear();
        metrics.rest(backend);
        metrics.set("peakMemory", allocator.getPeakMemoryAllocation());
        allocator.close();
    }
}
