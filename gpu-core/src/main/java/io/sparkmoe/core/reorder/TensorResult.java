package io.sparkmoe.core.reorder;

/**
 * Activations that an operator computed, owned by the holder. They stay where they were computed until {@link #host} is
 * asked for; given to another operator of the same backend, they are used where they lie. One thread at a time.
 */
public non-sealed interface TensorResult extends Activations, AutoCloseable {
    /**
     * The values in host memory, valid until {@link #close}. The first call copies them when they lie on a device, into
     * memory charged to the allocator of the operator's call; later calls give the same.
     *
     * @throws IllegalStateException when the device was lost before the copy, or after {@link #close}
     */
    TensorBatch host();

    /** Whether the values lie in device memory and the host has no copy. */
    boolean resident();

    /** Gives all memory back, on the host and on the device. May be called again. */
    @Override
    void close();
}
