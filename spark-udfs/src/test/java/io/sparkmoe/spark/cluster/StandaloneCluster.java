package io.sparkmoe.spark.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Spark's own master and two workers on two addresses of this machine. Spark starts no second copy of a task on the host of
 * the first, so that {@code local-cluster}, whose workers share a host, never speculates.
 */
final class StandaloneCluster implements AutoCloseable {
    private static final String MASTER_HOST = "127.0.0.1";
    private static final List<String> HOSTS = List.of(MASTER_HOST, "127.0.0.2");

    private final List<Process> processes = new ArrayList<>();
    private final String master;

    /** Starts one of a core each, its logs below {@code folder}. */
    StandaloneCluster(SparkHome spark, Path folder) throws IOException, InterruptedException {
        this(spark, folder, 1, List.of("", ""));
    }

    /**
     * Starts one, its logs below {@code folder}.
     *
     * @param properties of each worker, as a properties file has them
     */
    StandaloneCluster(SparkHome spark, Path folder, int cores, List<String> properties)
            throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        master = "spark://" + MASTER_HOST + ":" + port;
        try {
            processes.add(spark.start(
                    folder.resolve("master"),
                    MASTER_HOST,
                    "org.apache.spark.deploy.master.Master",
                    List.of("--host", MASTER_HOST, "--port", "" + port, "--webui-port", "0")));
            awaitPort(port);
            for (int i = 0; i < HOSTS.size(); i++) {
                String host = HOSTS.get(i);
                Path own = Files.createDirectories(folder.resolve("worker-" + host));
                Path file = Files.writeString(own.resolve("worker.properties"), properties.get(i));
                List<String> arguments = new ArrayList<>(List.of("--host", host, "--port", "0", "--webui-port", "0"));
                arguments.addAll(List.of("--cores", "" + cores, "--memory", "1g", "--work-dir", own + "/work"));
                arguments.addAll(List.of("--properties-file", file.toString(), master));
                processes.add(spark.start(own, host, "org.apache.spark.deploy.worker.Worker", arguments));
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A worker that finds no master tries again only after many seconds. */
    private void awaitPort(int port) throws IOException, InterruptedException {
        for (int i = 0; i < 600; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return;
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
        throw new IOException("Spark's master did not come up on port " + port);
    }

    /** The URL to submit to. */
    String master() {
        return master;
    }

    @Override
    public void close() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
