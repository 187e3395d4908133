package io.sparkmoe.spark.cluster;

import io.sparkmoe.spark.faults.FaultyFileSystem;
import io.sparkmoe.spark.faults.FaultyFileSystem.Fault;
import io.sparkmoe.spark.faults.Recording;
import io.sparkmoe.spark.faults.Verbs;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/**
 * The application that {@link ClusterIT} submits to two hosts: the verbs over a recording, once as it is and once with the
 * first task of each stage hanging in the middle of its file until a second copy of it has won.
 *
 * <p>Argument: a folder for the recording that both hosts see.
 */
public final class SpeculationApp {
    private SpeculationApp() {}

    public static void main(String[] args) throws Exception {
        SparkSession spark = SparkSession.builder().appName("speculation").getOrCreate();
        AtomicInteger won = new AtomicInteger();
        AtomicInteger killed = new AtomicInteger();
        spark.sparkContext().addSparkListener(new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                won.addAndGet(end.taskInfo().speculative() && end.taskInfo().successful() ? 1 : 0);
                killed.addAndGet(end.taskInfo().killed() ? 1 : 0);
            }
        });
        Recording recording = Recording.write(Path.of(args[0]));
        List<String> sound = Verbs.ofRecording(spark, recording);
        int before = won.get();
        FaultyFileSystem.on(spark.conf(), Fault.STALL, ".*\\.jsonl", 70_000);
        List<String> copied = Verbs.ofRecording(spark, recording);
        FaultyFileSystem.off(spark.conf());
        spark.sparkContext().listenerBus().waitUntilEmpty();
        System.out.println("rows " + sound.size() + " same " + copied.equals(sound));
        System.out.println("copies won " + (won.get() - before > 0) + " originals killed " + (killed.get() > 0));
        System.out.println((won.get() - before) + " copies, " + killed + " killed");
        spark.stop();
    }
}
