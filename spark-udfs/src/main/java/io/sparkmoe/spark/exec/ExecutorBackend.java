package io.sparkmoe.spark.exec;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.RoutingBackends.Request;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.MoeConf;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends of this JVM, one a GPU address and one for the CPU, opened when first needed and shared by the tasks.
 *
 * <p>A task's GPU is the one that Spark assigned to it ({@code spark.task.resource.gpu.amount}), or else the one that it
 * assigned to the executor; without assignments it is the first that the process sees.
 */
public final class ExecutorBackend {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorBackend.class);
    private static final String GPU = "gpu";
    static final String CPU_KEY = "cpu";

    static final Map<String, RoutingBackend> OPEN = new HashMap<>();

    /** The GPU that the plugin was told of. */
    private static volatile @Nullable String executorAddress;

    private ExecutorBackend() {}

    /**
     * The backend for a query's configuration; says once which one runs and why.
     *
     * @throws IllegalStateException when cuda is requested strictly and cannot be had
     */
    public static RoutingBackend get(MoeConf conf) {
        TaskContext task = TaskContext.get();
        return get(conf.backend(), conf.strict(), taskAddress(task == null ? Map.of() : task.resourcesJMap()));
    }

    /** The address for a task of these resources, or null where Spark assigned no GPU at all. */
    static @Nullable String taskAddress(Map<String, ResourceInformation> resources) {
        String own = address(resources);
        return own == null ? executorAddress : own;
    }

    /** Opens the backend of an executor that was given a GPU, before its first task; never throws. */
    public static void open(Map<String, ResourceInformation> resources) {
        String address = address(resources);
        executorAddress = address;
        try {
            if (address != null) {
                String asked = sparkConf().get(MoeConf.BACKEND.name(), MoeConf.BACKEND.fallback());
                get(Request.parse(asked), false, address);
            }
        } catch (RuntimeException | LinkageError e) {
            // A plugin that throws makes the cluster restart executors for ever; the first task will report it.
            LOG.warn("The backend could not be opened beforehand", e);
        }
    }

    static synchronized RoutingBackend get(Request request, boolean strict, @Nullable String address) {
        String key = request == Request.CPU ? CPU_KEY : GPU + address;
        RoutingBackend open = OPEN.get(key);
        boolean refused =
                strict && request == Request.CUDA && open != null && open.name().equals("cpu");
        if (open != null && !refused) {
            return open;
        }
        DeviceSettings settings = MoeConf.device(sparkConf()::get).onDevice(address);
        RoutingBackends.Choice choice = RoutingBackends.open(request, strict, settings);
        LOG.info("Spark MoE runs on the {} backend: {}", choice.backend().name(), choice.reason());
        if (address == null && choice.backend().name().equals("cuda") && !isLocal()) {
            LOG.warn(
                    "Spark assigned no GPU to this executor, so it takes the first one, as every other executor of this "
                            + "machine will. Set spark.executor.resource.gpu.amount and spark.task.resource.gpu.amount.");
        }
        OPEN.put(key, choice.backend());
        return choice.backend();
    }

    private static @Nullable String address(Map<String, ResourceInformation> resources) {
        ResourceInformation gpu = resources.get(GPU);
        return gpu == null || gpu.addresses().length == 0 ? null : gpu.addresses()[0];
    }

    private static SparkConf sparkConf() {
        SparkEnv env = SparkEnv.get();
        return env == null ? new SparkConf() : env.conf();
    }

    private static boolean isLocal() {
        String master = sparkConf().get("spark.master", "local");
        return master.startsWith("local") && !master.startsWith("local-cluster");
    }

    /** The backends that are open now. */
    static synchronized List<RoutingBackend> opened() {
        return List.copyOf(OPEN.values());
    }

    /** Closes what is open; a later get opens anew. */
    public static synchronized void closeAll() {
        executorAddress = null;
        while (!OPEN.isEmpty()) {
            // Out of the map first: one that complains about what is still in use is closed all the same.
            OPEN.remove(OPEN.keySet().iterator().next()).close();
        }
    }
}
