package io.sparkmoe.core.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;

/** The PTX of src/test/cuda/kernels/driver_test.cu. */
final class TestKernels {
    private TestKernels() {}

    static CudaModule load(CudaContext context) {
        return context.loadModule("driver_test", ptx());
    }

    private static byte[] ptx() {
        try (InputStream in = TestKernels.class.getResourceAsStream("/io/sparkmoe/core/cuda/ptx/driver_test.ptx.gz")) {
            return new GZIPInputStream(in).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
