package io.sparkmoe.core.cuda.driver;

import java.nio.file.Files;
import java.nio.file.Path;

/** Loads the driver twice, once a file appears, and prints what came of it; for JVMs started by tests. */
final class LoadDriver {
    private LoadDriver() {}

    public static void main(String[] args) {
        Path go = Path.of(args[0]);
        while (!Files.exists(go)) {
            Thread.onSpinWait();
        }
        System.out.println(load());
        System.out.println(load());
    }

    private static String load() {
        try {
            return "devices " + CudaDriver.load().devices().size();
        } catch (CudaUnavailableException e) {
            return "unavailable: " + e.getMessage();
        }
    }
}
