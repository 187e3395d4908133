package io.sparkmoe.core.routing;

import org.apache.arrow.memory.ArrowBuf;

/** Where the buffers of a batch come from: an allocator, or a backend's memory charged to one. */
@FunctionalInterface
public interface BufferSource {
    /** A buffer of at least {@code bytes}, of undefined content, owned by the caller. */
    ArrowBuf take(long bytes);
}
