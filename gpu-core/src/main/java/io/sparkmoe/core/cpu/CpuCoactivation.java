package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Co-activation on the heap: 4 E^2 bytes a slot. The usual token, all of whose ids are in range and distinct, costs its
 * k (k - 1) / 2 increments. Masked ids are seen a tile at a time; repeated ids a chunk at a time by what they leave on the
 * matrix's diagonal: the chunk is then taken back and counted carefully.
 */
final class CpuCoactivation implements CoactivationAccumulator {
    private static final int TILE = 4096;
    private static final int CHUNK = 64 * TILE;

    private final CoactivationOptions options;
    private final int experts;
    private final boolean sets;
    private final Keys keys;
    private final int[] tile = new int[Math.max(TILE, Topk.MAX)];
    private final SlotOrder order = new SlotOrder();
    private final int[] token = new int[Topk.MAX];
    private @Nullable PairMatrix[] matrices = new PairMatrix[0];
    private int usual;
    private boolean repeats;
    private long masked;
    private long invalid;
    private Tally tally;

    CpuCoactivation(CoactivationOptions options) {
        this.options = options;
        this.experts = options.numExperts();
        this.sets = options.kind() == CoactivationKind.TOKENS;
        this.keys = Keys.of(options.ids());
        this.usual = options.topk() == Topk.OF_SEGMENT ? 0 : Math.max(2, options.topk());
        this.tally = new Tally(keys);
    }

    @Override
    public void add(RoutingBatch batch, int[] slotOf, int numSlots) {
        if (numSlots > matrices.length) {
            matrices = Arrays.copyOf(matrices, Math.max(numSlots, 2 * matrices.length));
        }
        repeats = false;
        masked = 0;
        invalid = 0;
        int[] in = order.of(batch, slotOf, numSlots);
        TokenTiles tiles = new TokenTiles(tile, batch);
        for (int at = 0; at < batch.segments(); ) {
            int slot = slotOf[in[at]];
            int topk = Topk.of(batch, in[at], options.topk());
            long ids = 0;
            int end = at;
            do {
                ids += batch.length(in[end++]);
            } while (end < batch.segments()
                    && slotOf[in[end]] == slot
                    && Topk.of(batch, in[end], options.topk()) == topk);
            if (ids > 0) {
                tiles.use(batch, in, at, end);
                run(tiles, ids, topk, matrix(slot));
            }
            at = end;
        }
        tally.add(batch, 0, batch.segments(), masked, invalid, 0);
    }

    /** Tokens of one slot, all of {@code topk} slots. */
    private void run(TokenTiles tiles, long ids, int topk, PairMatrix matrix) {
        if (usual == 0) {
            usual = Math.max(2, topk);
        }
        int chunk = CHUNK - CHUNK % topk;
        for (long done = 0; done < ids; done += chunk) {
            int count = (int) Math.min(chunk, ids - done);
            matrix.reserve((long) count * topk);
            count(tiles, count, topk, matrix);
        }
    }

    private void count(TokenTiles tiles, int count, int topk, PairMatrix matrix) {
        boolean careful = topk != usual || (sets && (repeats || count < experts));
        if (careful || !sets) {
            pass(tiles, count, topk, matrix, careful ? 0 : 1);
            return;
        }
        long before = matrix.diagonal();
        tiles.mark();
        pass(tiles, count, topk, matrix, 1);
        if (matrix.diagonal() != before) {
            repeats = true;
            tiles.back();
            pass(tiles, count, topk, matrix, -1);
        }
    }

    /**
     * Counts the next ids tile by tile.
     *
     * @param step 1 counts; 0 does so carefully whatever the ids; -1 takes back what 1 did not do carefully, and does
     */
    private void pass(TokenTiles tiles, int count, int topk, PairMatrix matrix, int step) {
        int size = tile.length - tile.length % topk;
        for (int done = 0, n; done < count; done += n) {
            n = tiles.next(Math.min(size, count - done));
            boolean plain = inRange(n);
            if (plain && step != 0) {
                addPlain(matrix.cells, n, topk, step);
            }
            if (step <= 0 ? step == 0 || plain : !plain) {
                addCarefully(matrix, n, topk);
            }
        }
    }

    /** Whether no id of the tile is odd: one pass that the compiler turns into vector instructions. */
    private boolean inRange(int count) {
        int largest = experts - 1;
        int signs = 0;
        for (int i = 0; i < count; i++) {
            signs |= tile[i] | (largest - tile[i]);
        }
        return signs >= 0;
    }

    private void addPlain(int[] cells, int count, int topk, int step) {
        if (options.kind() == CoactivationKind.ADJACENT) {
            SlotPairs.addNeighbours(cells, experts, tile, count, topk);
        } else {
            SlotPairs.addAll(cells, experts, tile, count, topk, step);
        }
    }

    private void addCarefully(PairMatrix matrix, int count, int topk) {
        for (int at = 0; at < count; at += topk) {
            if (options.kind() == CoactivationKind.ADJACENT) {
                addNeighbours(matrix.cells, at, topk);
                continue;
            }
            int n = taking(at, topk);
            SlotPairs.addToken(matrix.cells, experts, token, 0, n, 1);
            for (int i = 0; i < n; i++) {
                matrix.lacking[token[i]] += usual - n;
            }
        }
    }

    /** The ids of a token that take part, each once where sets are counted; the others are counted as left out. */
    private int taking(int at, int topk) {
        int n = 0;
        for (int i = at; i < at + topk; i++) {
            int id = tile[i];
            if (takes(id) && !(sets && contains(n, id))) {
                token[n++] = id;
            }
        }
        return n;
    }

    private boolean takes(int id) {
        if (id >= 0 && id < experts) {
            return true;
        }
        if (id == -1) {
            masked++;
        } else {
            invalid++;
        }
        return false;
    }

    private boolean contains(int n, int id) {
        for (int i = 0; i < n; i++) {
            if (token[i] == id) {
                return true;
            }
        }
        return false;
    }

    private void addNeighbours(int[] cells, int at, int topk) {
        boolean before = false;
        for (int i = at; i < at + topk; i++) {
            boolean taken = takes(tile[i]);
            if (before && taken) {
                cells[tile[i - 1] * experts + tile[i]]++;
            }
            before = taken;
        }
    }

    /** The matrix of a slot, made when it gets its first ids: slots that only take NULL lists need none. */
    private PairMatrix matrix(int slot) {
        PairMatrix matrix = matrices[slot];
        if (matrix == null) {
            matrix = new PairMatrix(experts);
            matrices[slot] = matrix;
        }
        return matrix;
    }

    @Override
    public void read(int slot, long[] out) {
        PairMatrix matrix = matrices[slot];
        if (matrix == null) {
            Arrays.fill(out, 0);
        } else {
            matrix.read(options.kind(), Math.max(2, usual), out);
        }
    }

    @Override
    public void clear() {
        for (PairMatrix matrix : matrices) {
            if (matrix != null) {
                matrix.clear();
            }
        }
        tally = new Tally(keys);
    }

    @Override
    public IdCounts counts() {
        return tally.counts();
    }

    @Override
    public void close() {
        matrices = new PairMatrix[0];
    }
}
