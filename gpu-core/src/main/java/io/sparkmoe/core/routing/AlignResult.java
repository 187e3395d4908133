package io.sparkmoe.core.routing;

import org.apache.arrow.memory.ArrowBuf;

/**
 * Result of {@link RoutingBackend#align} and {@link RoutingBackend#batchedAlign}, one entry a segment.
 *
 * @param sortedTokenIds int32 lists of length P: per expert its flat indices ascending, then the sentinel n
 * @param expertIds int32 lists of length P / block_size: the bin of each block
 * @param numTokensPostPad int32 [segments]: P
 */
public record AlignResult(ListBuffer sortedTokenIds, ListBuffer expertIds, ArrowBuf numTokensPostPad, IdCounts counts)
        implements AutoCloseable {
    @Override
    public void close() {
        sortedTokenIds.close();
        expertIds.close();
        numTokensPostPad.close();
    }
}
