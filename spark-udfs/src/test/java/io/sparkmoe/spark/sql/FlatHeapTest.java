package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/**
 * 200 MB of token rows (a fiftieth of the benchmark FlatHeap) through the smallest heap that Spark starts in: memory does
 * not grow with the rows.
 */
class FlatHeapTest {
    private static final long ROWS = 6_250_000;

    @Test
    void tokenRowsFlowThroughASmallHeap() throws Exception {
        assertThat(OwnJvm.run(Probe.class, "512m", OwnJvm.classPath()))
                .contains("COUNTED " + 8 * ROWS + " IN 32 GROUPS");
    }

    /** Runs in its own JVM. */
    public static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            SparkSession spark = SparkSession.builder()
                    .master("local[2]")
                    .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                    .config("spark.ui.enabled", "false")
                    .config("spark.driver.bindAddress", "127.0.0.1")
                    .config("spark.driver.host", "127.0.0.1")
                    .getOrCreate();
            String path = "target/token-rows";
            spark.range(0, ROWS, 1, 2)
                    .selectExpr(
                            "cast(id % 32 AS int) layer",
                            "transform(array(0, 1, 2, 3, 4, 5, 6, 7), k -> cast((id * 37 + k * 11) % 256 AS int)) topk_ids")
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(path);
            spark.read().parquet(path).createOrReplaceTempView("rows_of_tokens");
            var row = spark.sql("SELECT sum(aggregate(c, 0L, (a, x) -> a + x)), count(*) FROM (SELECT layer, "
                            + "moe_expert_load(topk_ids, num_experts => 256) c FROM rows_of_tokens GROUP BY layer)")
                    .first();
            System.out.println("COUNTED " + row.getLong(0) + " IN " + row.getLong(1) + " GROUPS");
            spark.stop();
        }
    }
}
