package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;

/**
 * Device memory for the bits of one chunk of tokens.
 *
 * @param tokens of a chunk at most
 * @param bits uint32 [layers * experts][words]
 * @param flags uint32 [layers + 1][words], a bit a token; behind it, int32, the number of tokens in {@code list}
 * @param list int32 [tokens]
 */
record BitScratch(int tokens, long bits, long flags, long list) {
    private static final int FEWEST = 4 * TransitionShapes.STAGE;

    /** Bytes of the flags and of what is behind them. */
    static long flagBytes(int layers, int words) {
        return Integer.BYTES * ((layers + 1L) * words + 1);
    }

    /** For a chunk as large as is useful and fits. */
    static BitScratch take(Lane lane, int tokens, int layers, int experts) {
        int chunk = Math.min(tokens, TransitionShapes.CHUNK);
        while (true) {
            try {
                int words = TransitionShapes.words(chunk);
                long bits = lane.take(4L * layers * experts * words);
                return new BitScratch(chunk, bits, lane.take(flagBytes(layers, words)), lane.take(4L * chunk));
            } catch (OutOfDeviceMemoryException e) {
                if (chunk <= FEWEST) {
                    throw e;
                }
                chunk = Math.max(FEWEST, chunk / 4);
            }
        }
    }
}
