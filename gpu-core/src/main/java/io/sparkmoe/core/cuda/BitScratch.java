package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;

/**
 * Device memory for the bits of one chunk of tokens.
 *
 * @param tokens of a chunk at most
 * @param bits uint32 [layers * experts][words]
 * @param flags uint32 [words], a bit a token; behind it, int32, the number of tokens in {@code list}
 * @param list int32 [tokens]
 */
record BitScratch(int tokens, long bits, long flags, long list) {
    private static final int FEWEST = 4 * TransitionShapes.STAGE;

    /** For a chunk as large as is useful and fits. */
    static BitScratch take(Lane lane, int tokens, int rows) {
        int chunk = Math.min(tokens, TransitionShapes.CHUNK);
        while (true) {
            try {
                long words = TransitionShapes.words(chunk);
                long bits = lane.take(4L * rows * words);
                return new BitScratch(chunk, bits, lane.take(4 * (words + 1)), lane.take(4L * chunk));
            } catch (OutOfDeviceMemoryException e) {
                if (chunk <= FEWEST) {
                    throw e;
                }
                chunk = Math.max(FEWEST, chunk / 4);
            }
        }
    }
}
