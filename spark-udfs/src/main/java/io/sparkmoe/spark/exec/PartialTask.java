package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.MoeConf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A task's state of a partial-aggregate node: slots of the groups seen, an accumulator an aggregate, and collectors for
 * the ids in hand. Groups beyond the bound are emitted early; the merge above adds partials up whatever their number.
 */
final class PartialTask implements AutoCloseable {
    /** The sums of few large groups, a model's layers say, may take four batches' bytes: each then goes out once a task. */
    private static final int FEW_GROUPS = 128;

    private final TaskContext context;
    private final MoeConf conf;
    private final MoeMetrics metrics;
    private final List<SumCall> calls;
    private final BufferAllocator allocator;
    private final GroupSlots groups;
    private final List<SumInputs> inputs = new ArrayList<>();
    private final List<SumOperator.Accumulator> accumulators = new ArrayList<>();
    private final RoutingBackend backend;
    private final long maxStateBytes;
    private final int maxSlots;
    private int[] slots = new int[4096];
    private int rows;
    private long moreBytes;
    private long nextRow;

    PartialTask(TaskContext context, MoeConf conf, MoeMetrics metrics, List<SumCall> calls, List<Expression> keys) {
        this.context = context;
        this.conf = conf;
        this.metrics = metrics;
        this.calls = calls;
        this.backend = ExecutorBackend.get(conf);
        this.groups = new GroupSlots(keys);
        this.allocator = ArrowUtils.rootAllocator()
                .newChildAllocator("spark-moe-partial-" + context.taskAttemptId(), 0, Long.MAX_VALUE);
        context.addTaskCompletionListener((TaskCompletionListener) c -> close());
        long groupBytes = 0;
        for (SumCall call : calls) {
            inputs.add(new SumInputs(call, backend.inputBuffers(allocator)));
            accumulators.add(call.operator().open(backend, allocator));
            groupBytes += call.operator().groupBytes();
        }
        this.maxStateBytes = 4 * conf.maxBytes();
        long few = Math.min(FEW_GROUPS, maxStateBytes / groupBytes);
        this.maxSlots = (int) Math.max(2, Math.min(1 << 20, Math.max(few, conf.maxBytes() / groupBytes)));
    }

    GroupSlots groups() {
        return groups;
    }

    boolean full() {
        return groups.size() > maxSlots || moreBytes > maxStateBytes;
    }

    long maxBytes() {
        return conf.maxBytes();
    }

    /** Whether what has been collected is worth a call. */
    boolean worthwhile() {
        long bytes = 0;
        for (SumInputs in : inputs) {
            bytes += in.bytes();
        }
        return bytes >= Math.min(maxBytes(), backend.worthwhileBytes());
    }

    SumInputs inputs(int call) {
        return inputs.get(call);
    }

    int calls() {
        return calls.size();
    }

    int rows() {
        return rows;
    }

    void begin() {
        rows = 0;
        inputs.forEach(in -> in.reset(nextRow));
    }

    void addSlot(int slot) {
        if (rows == slots.length) {
            slots = Arrays.copyOf(slots, 2 * rows);
        }
        slots[rows++] = slot;
    }

    /** The same slot for several rows. */
    void addSlots(int slot, int count) {
        if (count > slots.length - rows) {
            slots = Arrays.copyOf(slots, Math.max(2 * slots.length, rows + count));
        }
        Arrays.fill(slots, rows, rows + count, slot);
        rows += count;
    }

    /** Runs a collecting step; a complaint about the data gets the call's name. */
    void named(int call, Runnable step) {
        try {
            step.run();
        } catch (MalformedRoutingException e) {
            throw named(call, e);
        }
    }

    private MalformedRoutingException named(int call, MalformedRoutingException e) {
        MalformedRoutingException named = new MalformedRoutingException(
                e.row(),
                e.position(),
                calls.get(call).sql() + ", partition " + context.partitionId() + ": " + e.getMessage());
        named.initCause(e);
        return named;
    }

    /** Adds what has been collected to the accumulators. */
    void accumulate() {
        long start = System.nanoTime();
        long ids = 0;
        long bytes = 0;
        moreBytes = 0;
        for (int i = 0; i < accumulators.size(); i++) {
            SumInputs in = inputs.get(i);
            try {
                accumulators.get(i).add(in.batch(), slotsWithoutNulls(in), groups.size());
            } catch (MalformedRoutingException e) {
                throw named(i, e);
            }
            ids += in.ids();
            bytes += in.bytes();
            moreBytes += accumulators.get(i).moreBytes();
        }
        metrics.add("kernelTime", System.nanoTime() - start);
        metrics.batch(backend, rows, ids, bytes);
        nextRow += rows;
        context.killTaskIfInterrupted();
    }

    private int[] slotsWithoutNulls(SumInputs in) {
        long[] nulls = in.nulls();
        if (nulls == null) {
            return slots;
        }
        int[] out = Arrays.copyOf(slots, rows);
        for (int row = 0; row < rows; row++) {
            if ((nulls[row >> 6] & (1L << row)) != 0) {
                out[row] = 0;
            }
        }
        return out;
    }

    /** The partials of every group so far as rows (keys, then one binary an aggregate); then forgets the groups. */
    List<InternalRow> drain() {
        List<InternalRow> out = new ArrayList<>(groups.size());
        for (int slot = 1; slot < groups.size(); slot++) {
            Object[] partials = new Object[calls.size()];
            for (int i = 0; i < partials.length; i++) {
                byte[] partial = accumulators.get(i).write(slot);
                partials[i] = partial;
                metrics.add("bytesOut", partial.length);
            }
            out.add(new JoinedRow(groups.key(slot), new GenericInternalRow(partials)));
        }
        accumulators.forEach(SumOperator.Accumulator::clear);
        groups.clear();
        moreBytes = 0;
        metrics.add("numOutputRows", out.size());
        return out;
    }

    void spilled() {
        metrics.add("spills", 1);
    }

    void copied(long nanos) {
        metrics.add("copyTime", nanos);
    }

    @Override
    public void close() {
        for (SumOperator.Accumulator a : accumulators) {
            metrics.left(a.counts());
            a.close();
        }
        accumulators.clear();
        inputs.forEach(SumInputs::close);
        inputs.clear();
        metrics.rest(backend);
        metrics.set("peakMemory", allocator.getPeakMemoryAllocation());
        allocator.close();
    }
}
