package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.RoutingBatch;

/** Walks over the ids of chosen segments, a tile of whole tokens at a time, and can go back to where it was. */
final class TokenTiles {
    private final int[] tile;
    private RoutingBatch batch;
    private int[] order = new int[0];
    private int at;
    private int end;
    private int offset;
    private int markedAt;
    private int markedOffset;

    /** @param tile where ids go, as int32 */
    TokenTiles(int[] tile, RoutingBatch batch) {
        this.tile = tile;
        this.batch = batch;
    }

    /** Turns to the segments order[from, to), whose lengths are multiples of the tokens' slots. */
    void use(RoutingBatch newBatch, int[] newOrder, int from, int to) {
        batch = newBatch;
        order = newOrder;
        at = from;
        end = to;
        offset = 0;
        mark();
    }

    void mark() {
        markedAt = at;
        markedOffset = offset;
    }

    void back() {
        at = markedAt;
        offset = markedOffset;
    }

    /** Decodes the next tile of at most {@code room} ids; returns how many, 0 at the end. Neighbours take one decoding. */
    int next(int room) {
        int n = 0;
        while (at < end && n < room) {
            int start = batch.start(order[at]) + offset;
            int stop = start;
            do {
                int segmentEnd = batch.start(order[at] + 1);
                if (segmentEnd - start > room - n) {
                    stop = start + room - n;
                    offset = stop - batch.start(order[at]);
                    break;
                }
                stop = segmentEnd;
                offset = 0;
                at++;
            } while (at < end && order[at] == order[at - 1] + 1);
            IdCodec.decode(
                    batch.type(),
                    batch.idsAddress() + (long) start * batch.type().bytes(),
                    tile,
                    n,
                    stop - start);
            n += stop - start;
        }
        return n;
    }
}
