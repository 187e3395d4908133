package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Iterator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Results are bounded, and nothing stays allocated after success, failure, kill, or a consumer that stops early. */
class MemoryTest {
    private static final SparkSession SPARK = TestSpark.session();

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.moe.batch.maxBytes");
    }

    /** 4,096 rows of 8,192 ids pad to 537 MB in one batch of Spark's reader; here they flow in slices. */
    @Test
    void longRowsAreAlignedInSlices() throws Exception {
        String path = "target/long-rows";
        SPARK.range(0, 4096, 1, 1)
                .selectExpr("id", "transform(sequence(0, 8191), i -> cast(pmod(i * 31 + id, 256) AS smallint)) ids")
                .write()
                .mode("overwrite")
                .parquet(path);
        Dataset<Row> aligned = SPARK.read()
                .parquet(path)
                .selectExpr("id", "moe_align_block_size(ids, num_experts => 256, block_size => 128) m");
        Peak peak = new Peak();
        Row row = aligned.selectExpr(
                        "sum(m.num_tokens_post_pad)", "sum(cast(m.sorted_token_ids[id] AS bigint))", "count(*)")
                .first();
        assertThat(row.getLong(0)).isEqualTo(4096L * 256 * 128);
        assertThat(row.getLong(2)).isEqualTo(4096);
        assertThat(peak.stop()).isLessThan(256L << 20);
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void slicesOfAnySizeGiveTheSameRows() throws Exception {
        RoutingTable.register(SPARK);
        String sql =
                "SELECT sum(hash(to_json(moe_align_block_size(i16, 24, 16)), name, id, nested)) h, count(*) n FROM t";
        Row expected = SPARK.sql(sql).first();
        for (String bound : new String[] {"1", "3k", "64k"}) {
            SPARK.conf().set("spark.moe.batch.maxBytes", bound);
            assertThat(SPARK.sql(sql).first()).as(bound).isEqualTo(expected);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void nothingStaysAfterAFailureDownstream() throws Exception {
        RoutingTable.register(SPARK);
        assertThatThrownBy(() -> SPARK.sql("SELECT assert_true(id < 900) FROM (SELECT id, moe_expert_counts(i32, 24) c "
                                + "FROM t) WHERE c[0] >= 0")
                        .collectAsList())
                .hasStackTraceContaining("is not true");
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void nothingStaysAfterAConsumerThatStopsEarly() throws Exception {
        RoutingTable.register(SPARK);
        Iterator<Row> rows =
                SPARK.sql("SELECT id, moe_expert_counts(i32, 24) c FROM t").toLocalIterator();
        assertThat(rows.next().getLong(0)).isNotNegative();
        assertThat(SPARK.sql("SELECT * FROM (SELECT id, moe_expert_counts(i32, 24) c FROM t WHERE id % 2 = 0) LIMIT 3")
                        .collectAsList())
                .hasSize(3);
        while (rows.hasNext()) {
            rows.next();
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void nothingStaysAfterAKill() throws Exception {
        RoutingTable.register(SPARK);
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            Future<?> query = pool.submit(() -> {
                SPARK.sparkContext().setJobGroup("to-kill", "a query that is killed", true);
                return SPARK.sql("SELECT count(*) FROM (SELECT moe_align_block_size(ids, 256, 64) m FROM (SELECT "
                                + "transform(sequence(0, 4095), i -> cast(pmod(hash(i, id), 256) AS int)) ids FROM "
                                + "range(0, 200000, 1, 2))) WHERE m.num_tokens_post_pad > 1")
                        .collectAsList();
            });
            for (int i = 0; i < 200 && ArrowUtils.rootAllocator().getAllocatedMemory() == 0; i++) {
                Thread.sleep(50);
            }
            assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isPositive();
            SPARK.sparkContext().cancelJobGroup("to-kill");
            assertThatThrownBy(() -> query.get(60, TimeUnit.SECONDS)).hasStackTraceContaining("cancelled");
        } finally {
            pool.shutdownNow();
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** Samples Arrow's memory until stopped. */
    private static final class Peak {
        private final Thread sampler = new Thread(this::sample, "arrow-peak");
        private volatile boolean stopped;
        private volatile long peak;

        Peak() {
            sampler.start();
        }

        private void sample() {
            while (!stopped) {
                peak = Math.max(peak, ArrowUtils.rootAllocator().getAllocatedMemory());
                Thread.onSpinWait();
            }
        }

        long stop() throws InterruptedException {
            stopped = true;
            sampler.join();
            return peak;
        }
    }
}
