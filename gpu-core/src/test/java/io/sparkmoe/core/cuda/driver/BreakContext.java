package io.sparkmoe.core.cuda.driver;

/** Breaks its context and prints what is left of it; for a JVM started by a test. */
public final class BreakContext {
    private BreakContext() {}

    public static void main(String[] args) throws CudaUnavailableException {
        CudaContext context = CudaContext.open(CudaDriver.load().device(0));
        CudaModule module = TestKernels.load(context);
        DeviceMemoryPool pool = new DeviceMemoryPool(context, 1 << 20);
        try (CudaStream stream = context.newStream();
                DeviceBlock block = pool.take(1_024)) {
            stream.launch(module.function("illegal_address"), LaunchConfig.of(1, 1, 0), new KernelArguments());
            System.out.println("sticky: " + sticky(stream::synchronize));
            System.out.println("dead: " + context.dead());
            System.out.println("reason: " + context.deadReason());
            System.out.println("next: " + sticky(() -> stream.fill(block.address(), (byte) 0, 16)));
        }
        pool.close();
        context.close();
        System.out.println("closed");
    }

    /** Takes the GPU away from this process, as a faulting kernel of anybody's does. */
    public static void breakDevice() throws CudaUnavailableException {
        CudaContext context = CudaContext.open(CudaDriver.load().device(0));
        CudaModule module = TestKernels.load(context);
        try (CudaStream stream = context.newStream()) {
            stream.launch(module.function("illegal_address"), LaunchConfig.of(1, 1, 0), new KernelArguments());
            stream.synchronize();
            throw new IllegalStateException("nothing broke");
        } catch (CudaException e) {
            System.out.println("broken: " + e.sticky());
        }
    }

    private static boolean sticky(Runnable work) {
        try {
            work.run();
            return false;
        } catch (CudaException e) {
            return e.sticky();
        }
    }
}
