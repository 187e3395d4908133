package io.sparkmoe.notebooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.rapaio.jupyter.kernel.channels.LoopThread;
import org.rapaio.jupyter.kernel.display.DisplayData;
import org.rapaio.jupyter.kernel.display.DisplaySystem;

/** What this module puts in front of the kernel: tables, pictures, and the polling threads. */
class KernelTest {

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void aDataFrameIsShownAsATableWithItsNamesAndValuesEscaped() {
        Dataset<Row> frame = spark.sql("SELECT '<script>\"&' AS `<b>`, 0.5D AS half, array(1, NULL) AS ids");
        DisplayData shown = DisplaySystem.inst().render(frame);
        assertThat(shown.data().get("text/html"))
                .isEqualTo("<table>\n<tr><th>&lt;b&gt;</th><th>half</th><th>ids</th></tr>\n"
                        + "<tr><td>&lt;script&gt;&quot;&amp;</td><td>0.5</td><td>[1, null]</td></tr>\n</table>");
    }

    @Test
    void longFramesAndListsAreCutAndSaySo() {
        String html = HtmlTable.of(spark.range(21).selectExpr("id", "sequence(1, 13) AS ids"));
        assertThat(html)
                .contains("<td>19</td>", "11, 12, ... 13 in all]", "<p>the first 20 rows</p>")
                .doesNotContain("<td>20</td>");
    }

    @Test
    void theGreatestCellOfAHeatMapIsItsDarkest() {
        BufferedImage map = Charts.heatMap(
                spark.sql("SELECT * FROM VALUES (0, 0, 1.5D), (0, 1, 9D) AS t(layer, expert, share)"),
                "layer",
                "expert",
                "share",
                "load");
        assertThat(map.getRGB(60 + 10, 52 + 10) & 255).isGreaterThan(map.getRGB(60 + 500, 52 + 10) & 255);
    }

    @Test
    void aPollingThreadPollsWheneverItIsScheduledAndSurvivesAFailure() throws InterruptedException {
        CountDownLatch polls = new CountDownLatch(3);
        LoopThread thread = new LoopThread("poll", 1, () -> {
            polls.countDown();
            throw new IllegalStateException("a request that came too early");
        });
        // As if the new thread ran before start() returned, which is when the kernel's own class loses it.
        Thread early = new Thread(thread);
        early.start();
        assertThat(polls.await(20, TimeUnit.SECONDS)).isTrue();
        thread.shutdown();
        early.join();
    }
}
