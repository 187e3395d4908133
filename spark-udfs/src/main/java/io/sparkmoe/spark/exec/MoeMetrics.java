package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBackend;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/** The SQL metrics of a batch node, and the running totals of this JVM that the plugin publishes. */
public final class MoeMetrics implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Totals of this JVM by the names of the metrics registry. */
    private static final Map<String, LongAdder> TOTALS = new LinkedHashMap<>();

    static {
        for (String name : new String[] {
            "rows",
            "ids",
            "batches",
            "maskedIds",
            "invalidIdsDropped",
            "deviceCalls",
            "bytesToDevice",
            "bytesFromDevice",
            "deviceSplits",
            "deviceFallbacks"
        }) {
            TOTALS.put(name, new LongAdder());
        }
    }

    private final Map<String, SQLMetric> metrics = new LinkedHashMap<>();

    /** Made on the driver, with the node. */
    public MoeMetrics(SparkContext sc) {
        counter(sc, "numOutputRows", "number of output rows");
        counter(sc, "numInputRows", "number of input rows");
        counter(sc, "numIds", "number of expert ids");
        counter(sc, "cpuBatches", "batches on the CPU");
        counter(sc, "gpuBatches", "batches on the GPU");
        counter(sc, "maskedIds", "masked ids left out");
        counter(sc, "invalidIds", "invalid ids dropped");
        counter(sc, "nonLocalIds", "ids of other ranks left out");
        counter(sc, "spills", "partials emitted early");
        metrics.put("bytesIn", SQLMetrics.createSizeMetric(sc, "bytes of ids and tensors collected", -1L));
        metrics.put("bytesInPlace", SQLMetrics.createSizeMetric(sc, "bytes of tensors used where they lay", -1L));
        metrics.put("bytesOut", SQLMetrics.createSizeMetric(sc, "bytes of results", -1L));
        metrics.put("peakMemory", SQLMetrics.createSizeMetric(sc, "peak Arrow memory of a task", -1L));
        metrics.put("copyTime", SQLMetrics.createNanoTimingMetric(sc, "time collecting ids and tensors", -1L));
        metrics.put("kernelTime", SQLMetrics.createNanoTimingMetric(sc, "time in the operators", -1L));
        counter(sc, "splits", "batches split for device memory");
        counter(sc, "fallbacks", "calls of the GPU backend done by the CPU");
        metrics.put("bytesToDevice", SQLMetrics.createSizeMetric(sc, "bytes to the GPU", -1L));
        metrics.put("bytesFromDevice", SQLMetrics.createSizeMetric(sc, "bytes from the GPU", -1L));
        metrics.put("peakDeviceMemory", SQLMetrics.createSizeMetric(sc, "peak GPU memory of an executor", -1L));
        metrics.put("deviceCopyTime", SQLMetrics.createNanoTimingMetric(sc, "GPU time copying", -1L));
        metrics.put("deviceKernelTime", SQLMetrics.createNanoTimingMetric(sc, "GPU time in kernels", -1L));
        metrics.put("deviceWaitTime", SQLMetrics.createNanoTimingMetric(sc, "time waiting for the GPU", -1L));
    }

    private void counter(SparkContext sc, String key, String label) {
        metrics.put(key, SQLMetrics.createMetric(sc, label));
    }

    /** These metrics, then others that the node shows. */
    public Map<String, SQLMetric> with(Map<String, SQLMetric> others) {
        Map<String, SQLMetric> all = new LinkedHashMap<>(metrics);
        all.putAll(others);
        return all;
    }

    void add(String key, long amount) {
        metrics.get(key).add(amount);
    }

    void set(String key, long value) {
        metrics.get(key).set(value);
    }

    /** Notes a batch that ran; one of which the device did a part counts as the GPU's. */
    void batch(RoutingBackend backend, long rows, long ids, long bytes) {
        DeviceActivity device = backend.takeActivity();
        add(device.deviceCalls() > 0 ? "gpuBatches" : "cpuBatches", 1);
        device(device);
        add("numInputRows", rows);
        add("numIds", ids);
        add("bytesIn", bytes);
        TOTALS.get("rows").add(rows);
        TOTALS.get("ids").add(ids);
        TOTALS.get("batches").increment();
    }

    /** Notes what the calling thread did on the device outside of batches: reading sums back, calls that failed. */
    void rest(RoutingBackend backend) {
        device(backend.takeActivity());
    }

    /** Counts the calling thread's work on the device in the running totals alone, where no plan node shows it. */
    public static void total(RoutingBackend backend) {
        total(backend.takeActivity());
    }

    private void device(DeviceActivity device) {
        add("splits", device.splits());
        add("fallbacks", device.fallbacks());
        add("bytesToDevice", device.bytesToDevice());
        add("bytesFromDevice", device.bytesFromDevice());
        add("deviceCopyTime", device.copyNanos());
        add("deviceKernelTime", device.kernelNanos());
        add("deviceWaitTime", device.waitNanos());
        if (device.peakDeviceBytes() > 0) {
            set("peakDeviceMemory", device.peakDeviceBytes());
        }
        total(device);
    }

    private static void total(DeviceActivity device) {
        TOTALS.get("bytesToDevice").add(device.bytesToDevice());
        TOTALS.get("bytesFromDevice").add(device.bytesFromDevice());
        TOTALS.get("deviceCalls").add(device.deviceCalls());
        TOTALS.get("deviceSplits").add(device.splits());
        TOTALS.get("deviceFallbacks").add(device.fallbacks());
    }

    /** Notes what was left out. */
    void left(IdCounts counts) {
        add("maskedIds", counts.masked());
        add("invalidIds", counts.invalidDropped());
        add("nonLocalIds", counts.nonLocalDropped());
        TOTALS.get("maskedIds").add(counts.masked());
        TOTALS.get("invalidIdsDropped").add(counts.invalidDropped());
    }

    /** Running totals of this JVM, by name. */
    public static Map<String, LongAdder> totals() {
        return TOTALS;
    }
}
