package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaFunction;
import io.sparkmoe.core.cuda.driver.CudaModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * The kernels of a context, found by name and loaded when first needed. The driver compiles PTX for its device, which
 * takes half a second for the largest kernel the first time (later processes find it in the driver's cache), so each
 * kernel is loaded alone, not with the whole file.
 */
final class Kernels implements AutoCloseable {
    private final CudaContext context;
    private final List<CudaModule> modules = new ArrayList<>();
    private final Map<String, CudaFunction> functions = new HashMap<>();

    Kernels(CudaContext context) {
        this.context = context;
    }

    /**
     * A kernel.
     *
     * @param file stem of its .cu file
     */
    synchronized CudaFunction get(String file, String name) {
        return functions.computeIfAbsent(name, n -> load(file, n));
    }

    private CudaFunction load(String file, String name) {
        String ptx = PtxText.only(text(file), name);
        CudaModule module = context.loadModule(file + "/" + name, ptx.getBytes(StandardCharsets.UTF_8));
        modules.add(module);
        return module.function(name);
    }

    static String text(String file) {
        String resource = "ptx/" + file + ".ptx.gz";
        try (InputStream in = Kernels.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("this build lacks the kernels of " + resource);
            }
            return new String(new GZIPInputStream(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        functions.clear();
        modules.forEach(CudaModule::close);
        modules.clear();
    }
}
