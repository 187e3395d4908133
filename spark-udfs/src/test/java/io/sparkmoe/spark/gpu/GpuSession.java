package io.sparkmoe.spark.gpu;

import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;

/** Sessions with settings of their own, such as those that an executor reads when it starts. */
final class GpuSession {
    private GpuSession() {}

    /** Starts one on the cuda backend in place of the session that this JVM may have. The caller stops it. */
    static SparkSession start(String master, Map<String, String> settings) {
        SparkSession.getDefaultSession().foreach(session -> {
            session.stop();
            return null;
        });
        SparkSession.Builder builder = SparkSession.builder()
                .master(master)
                .appName("gpu-tests")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.moe.backend", "cuda")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3");
        settings.forEach(builder::config);
        return builder.getOrCreate();
    }

    /** Arrow bytes that nobody has freed; 0 once no task runs. */
    static long arrowBytes() throws InterruptedException {
        for (int i = 0; i < 100 && ArrowUtils.rootAllocator().getAllocatedMemory() != 0; i++) {
            Thread.sleep(50);
        }
        return ArrowUtils.rootAllocator().getAllocatedMemory();
    }
}
