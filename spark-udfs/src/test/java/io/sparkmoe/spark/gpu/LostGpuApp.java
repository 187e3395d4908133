package io.sparkmoe.spark.gpu;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.CudaStream;
import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.spark.exec.MoeMetrics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.util.ArrowUtils;

/**
 * Runs queries whose input breaks the GPU's context half-way, for a JVM of its own: no process gets over it.
 *
 * <p>Arguments: the value of spark.moe.gpu.onStickyError, the query.
 */
public final class LostGpuApp {
    /** Writes to an address that nobody has. */
    private static final String FAULT = """
            .version 6.3
            .target sm_75
            .address_size 64
            .visible .entry illegal_address()
            {
              .reg .b64 %rd<2>;
              .reg .b32 %r<2>;
              mov.u64 %rd1, 16;
              mov.u32 %r1, 1;
              st.volatile.u32 [%rd1], %r1;
              ret;
            }
            """;

    private static final AtomicBoolean BROKEN = new AtomicBoolean();

    private LostGpuApp() {}

    public static void main(String[] args) throws Exception {
        SparkSession spark = GpuSession.start(
                "local[1,3]", Map.of("spark.moe.gpu.onStickyError", args[0], "spark.moe.batch.maxBytes", "8k"));
        spark.udf().register("good", (UDF1<Long, Boolean>) id -> id != 2500 || breakGpu(), DataTypes.BooleanType);
        String sound = args[1].replace("good(id)", "true");
        spark.conf().set("spark.moe.backend", "cpu");
        List<String> expected = rows(spark.sql(sound));
        spark.conf().set("spark.moe.backend", "cuda");
        System.out.println("before: " + rows(spark.sql(sound)).equals(expected) + ", on the GPU " + (calls() > 0));

        attempt("broken", () -> rows(spark.sql(args[1])).equals(expected));
        System.out.println("the kernel faulted: " + BROKEN.get());
        long calls = calls();
        attempt("afterwards", () -> rows(spark.sql(sound)).equals(expected));
        System.out.println("calls of the lost GPU: " + (calls() - calls));
        System.out.println("Arrow bytes: " + GpuSession.arrowBytes());
        spark.stop();
        System.out.println(
                "Arrow bytes at the end: " + ArrowUtils.rootAllocator().getAllocatedMemory());
    }

    private interface Step {
        boolean run() throws Exception;
    }

    private static void attempt(String name, Step step) {
        try {
            System.out.println(name + ": " + step.run());
        } catch (Exception e) {
            StringWriter text = new StringWriter();
            e.printStackTrace(new PrintWriter(text));
            text.toString()
                    .lines()
                    .filter(line -> line.contains("CUDA_ERROR") || line.contains("GPU of this process"))
                    .forEach(line -> System.out.println(name + " failed: " + line.strip()));
        }
    }

    private static List<String> rows(Dataset<Row> query) {
        return query.toJSON().collectAsList().stream().sorted().toList();
    }

    private static long calls() {
        return MoeMetrics.totals().get("deviceCalls").sum();
    }

    /** The first time: every context of the process on this device shares its fate. */
    private static boolean breakGpu() throws Exception {
        if (BROKEN.compareAndSet(false, true)) {
            CudaContext context = CudaContext.open(CudaDriver.load().device(0));
            CudaStream stream = context.newStream();
            try {
                stream.launch(
                        context.loadModule("fault", FAULT.getBytes(StandardCharsets.US_ASCII))
                                .function("illegal_address"),
                        LaunchConfig.of(1, 1, 0),
                        new KernelArguments());
                stream.synchronize();
                throw new IllegalStateException("the kernel did not fault");
            } catch (CudaException e) {
                System.out.println("fault: sticky " + e.sticky());
            }
        }
        return true;
    }
}
