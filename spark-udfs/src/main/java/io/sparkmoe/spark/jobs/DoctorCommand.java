package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.spark.MoeConf;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code spark-moe doctor}: what this machine offers. */
@Command(
        name = "doctor",
        description = {
            "Prints versions, memory, GPUs and driver, where native libraries go, and which backend runs here and why.",
            "Starts no Spark session.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  spark-moe doctor --conf spark.moe.backend=cuda")
public final class DoctorCommand implements Callable<Integer> {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
    private static final String NATIVE_DIR = MoeConf.NATIVE_DIR.name();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        line("Spark MoE", VersionText.sparkMoe());
        line("Spark", VersionText.spark());
        line("Arrow", arrow());
        line(
                "Java",
                System.getProperty("java.version") + ", " + System.getProperty("java.vendor") + ", "
                        + System.getProperty("java.home"));
        line(
                "System",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch"));
        Runtime runtime = Runtime.getRuntime();
        line("Processors", String.valueOf(runtime.availableProcessors()));
        line("Heap", Words.bytes(runtime.maxMemory()) + " at most");
        line("GPU driver", driver());
        gpus().forEach(gpu -> line("GPU", gpu));
        line("Native folder", nativeFolder());
        backend();
        return 0;
    }

    private void line(String name, String value) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-14s %s%n", name, value);
    }

    private static String arrow() {
        String version = BufferAllocator.class.getPackage().getImplementationVersion();
        if (version != null) {
            return version;
        }
        String jar = String.valueOf(
                BufferAllocator.class.getProtectionDomain().getCodeSource().getLocation());
        return jar.substring(jar.lastIndexOf('/') + 1);
    }

    private static String driver() {
        try {
            return Files.exists(DRIVER) ? Files.readAllLines(DRIVER).get(0) : "none (no " + DRIVER + ")";
        } catch (IOException e) {
            return "unreadable: " + e.getMessage();
        }
    }

    /** What the operators see of the GPUs here, or why they see none. */
    private List<String> gpus() {
        return RoutingBackends.devices(device());
    }

    private DeviceSettings device() {
        return MoeConf.device(this::given);
    }

    private String given(String key, String fallback) {
        String value = setting(key, fallback);
        return value == null ? fallback : value;
    }

    private String nativeFolder() {
        String set = setting(NATIVE_DIR, null);
        Path folder = Path.of(set == null ? System.getProperty("java.io.tmpdir") : set);
        String state = !Files.isDirectory(folder)
                ? "does not exist"
                : !Files.isWritable(folder) ? "not writable" : noexec(folder) ? "mounted noexec" : "usable";
        return folder + " (" + state + "; " + (set == null ? "java.io.tmpdir, " : "") + NATIVE_DIR + " sets it)";
    }

    /** Whether the file system of a folder refuses to map code; only Linux says so. */
    private static boolean noexec(Path folder) {
        Path mounts = Path.of("/proc/mounts");
        if (!Files.isReadable(mounts)) {
            return false;
        }
        try {
            String best = "";
            boolean noexec = false;
            for (String mount : Files.readAllLines(mounts)) {
                String[] fields = mount.split(" ");
                if (folder.toRealPath().startsWith(fields[1]) && fields[1].length() >= best.length()) {
                    best = fields[1];
                    noexec = List.of(fields[3].split(",")).contains("noexec");
                }
            }
            return noexec;
        } catch (IOException e) {
            return false;
        }
    }

    private void backend() {
        String requested = setting("spark.moe.backend", "auto");
        RoutingBackends.Choice choice = RoutingBackends.open(RoutingBackends.Request.parse(requested), false, device());
        try (var backend = choice.backend()) {
            line("Backend", backend.name() + ": " + choice.reason());
        }
    }

    /** A Spark setting from the command line or, under spark-submit, from its properties. */
    private @Nullable String setting(String key, @Nullable String fallback) {
        String given = common.conf().get(key);
        return given != null ? given : System.getProperty(key, fallback);
    }
}
