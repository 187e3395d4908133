package io.sparkmoe.core.routing;

import org.apache.arrow.memory.ArrowBuf;

/**
 * Result of {@link RoutingBackend#padding}: what aligning each segment would cost at each block size.
 *
 * @param blocks int64 lists [block sizes]: blocks
 * @param slots int64 lists [block sizes]: padded slots, blocks * block_size
 * @param used int64 [segments]: ids that fill slots
 * @param activeExperts int32 [segments]: experts with at least one id
 */
public record PaddingResult(ListBuffer blocks, ListBuffer slots, ArrowBuf used, ArrowBuf activeExperts, IdCounts counts)
        implements AutoCloseable {
    @Override
    public void close() {
        blocks.close();
        slots.close();
        used.close();
        activeExperts.close();
    }
}
