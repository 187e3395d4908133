package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A big batch as slices, each on a lane of its own: while one slice's results come back, the next one's ids go out. A
 * batch that is one segment cannot be cut.
 */
final class Slices<R extends AutoCloseable> implements AutoCloseable {
    /** More gain nothing: copies both ways share the bus, and a slice costs some 50 us of calls. */
    private static final int MOST = 2;

    /** Below this a slice's copies take no longer than its calls. */
    private static final long LEAST_BYTES = 8 << 20;

    /** With shorter segments than this the host would spend the time on the offsets. */
    private static final int LEAST_LENGTH = 64;

    private final DeviceCall<R> call;
    private final BufferSource buffers;
    private final AdjacentBuffers adjacent;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<ResultBuffers> outs = new ArrayList<>();

    Slices(DeviceCall<R> call, long[] mostBytes, BufferSource buffers) {
        this.call = call;
        this.buffers = buffers;
        this.adjacent = new AdjacentBuffers(buffers, mostBytes);
    }

    /** Into how many slices a batch is best cut. */
    static int count(RoutingBatch batch, long[] mostBytes) {
        boolean tooLarge = Arrays.stream(mostBytes).anyMatch(bytes -> bytes > 4L * Integer.MAX_VALUE);
        if (tooLarge || batch.totalIds() < (long) LEAST_LENGTH * batch.segments()) {
            return 1;
        }
        long bytes = batch.totalIds() * batch.type().bytes()
                + Arrays.stream(mostBytes).sum();
        return (int) Math.max(1, Math.min(Math.min(MOST, batch.segments()), bytes / LEAST_BYTES));
    }

    /** The first segment from {@code least} on that starts at that id or later, counted from the batch's first. */
    static int firstFrom(RoutingBatch batch, long id, int least) {
        long start = batch.start(0) + id;
        int lo = least;
        int hi = batch.segments();
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (batch.start(mid) < start) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }

    /** The result over all slices; null where a slice gives none, or all together do not. */
    @Nullable
    R over(RoutingBatch batch, int count, Lanes from, Activity activity) {
        List<Supplier<@Nullable R>> pending = new ArrayList<>();
        int next = 0;
        for (int i = 1; i <= count; i++) {
            int end = i == count ? batch.segments() : firstFrom(batch, batch.totalIds() * i / count, next);
            if (end > next) {
                lanes.add(lanes.isEmpty() ? from.begin(activity) : from.another(activity));
                outs.add(new ResultBuffers(adjacent.nextSlice()));
                pending.add(
                        call.enqueue(batch.slice(next, end), lanes.get(lanes.size() - 1), outs.get(outs.size() - 1)));
            }
            next = end;
        }
        lanes.forEach(Lane::end);
        List<R> results = new ArrayList<>();
        for (Supplier<@Nullable R> p : pending) {
            R result = p.get();
            if (result == null) {
                return null;
            }
            results.add(result);
        }
        return joined(results);
    }

    private @Nullable R joined(List<R> results) {
        R whole = results.get(0);
        for (R result : results.subList(1, results.size())) {
            ResultBuffers out = new ResultBuffers(buffers);
            outs.add(out);
            whole = call.join(whole, result, out);
            if (whole == null) {
                return null;
            }
        }
        outs.get(outs.size() - 1).keep();
        return whole;
    }

    /** Waits for the lanes, the one with the permit last; then nothing writes to the buffers any more. */
    @Override
    public void close() {
        for (int i = lanes.size() - 1; i >= 0; i--) {
            lanes.get(i).close();
        }
        outs.forEach(ResultBuffers::close);
        adjacent.close();
    }
}
