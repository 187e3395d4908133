package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.BufferSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for slices of a batch: what the slices take as their k-th lies in one piece of memory, slice after slice. A
 * buffer reaches to the end of the piece, so that the first slice's is that of all of them ({@link Joined}).
 */
final class AdjacentBuffers implements AutoCloseable {
    private final BufferSource source;
    private final List<@Nullable ArrowBuf> pieces = new ArrayList<>();
    private final long[] filled;

    /** @param most bytes of each piece, 0 for buffers of their own */
    AdjacentBuffers(BufferSource source, long[] most) {
        this.source = source;
        this.filled = new long[most.length];
        try {
            for (long bytes : most) {
                pieces.add(bytes == 0 ? null : source.take(bytes));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** For a slice; it takes all it wants before the next slice takes any. */
    BufferSource nextSlice() {
        int[] taken = {0};
        return bytes -> take(taken[0]++, bytes);
    }

    private ArrowBuf take(int k, long bytes) {
        ArrowBuf piece = k < filled.length ? pieces.get(k) : null;
        if (piece == null || bytes == 0 || bytes > piece.capacity() - filled[k]) {
            return source.take(bytes);
        }
        ArrowBuf rest = piece.slice(filled[k], piece.capacity() - filled[k]);
        piece.getReferenceManager().retain();
        filled[k] += bytes;
        return rest;
    }

    @Override
    public void close() {
        for (ArrowBuf piece : pieces) {
            if (piece != null) {
                piece.close();
            }
        }
        pieces.clear();
    }
}
