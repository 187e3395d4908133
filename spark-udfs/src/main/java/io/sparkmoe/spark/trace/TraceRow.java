package io.sparkmoe.spark.trace;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One row to be written: a block of consecutive tokens at one layer, or what cannot be used. */
interface TraceRow {
    /** Why the row has no ids, or null on a good row. */
    @Nullable
    BadRecord bad();

    String source();

    @Nullable
    String requestId();

    int choice();

    @Nullable
    String checkpoint();

    @Nullable
    String phase();

    @Nullable
    String slotOrder();

    /** The layer, first position and number of tokens; null where a bad row has none. */
    @Nullable
    Integer layer();

    @Nullable
    Integer firstPosition();

    @Nullable
    Integer numTokens();

    Map<String, String> attributes();

    /** Puts num_tokens * topk ids, of 16 bits each or, where {@code wide}, of 32. Asked of good rows only. */
    void putIds(long address, boolean wide);

    /** Whether the tokens themselves are known. */
    boolean hasTokens();

    /** Puts num_tokens token ids of 32 bits. */
    void putTokens(long address);

    /** Whether routing weights were recorded. */
    boolean hasWeights();

    /** Puts num_tokens * topk weights as 32-bit floats. */
    void putWeights(long address);
}
