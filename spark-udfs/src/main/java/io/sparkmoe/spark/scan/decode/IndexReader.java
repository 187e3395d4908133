package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;

/** A page's ids as codes of the dictionary. */
final class IndexReader implements IdReader {
    private final HybridRuns runs = new HybridRuns();
    private IdDictionary dictionary;
    private boolean empty;

    /** Starts on a page's values: a byte with the width of a code, then the runs. */
    void reset(byte[] page, int from, int to, IdDictionary ids) {
        dictionary = ids;
        empty = from >= to;
        int bits = empty ? 0 : page[from] & 0xff;
        if (bits > 32) {
            throw new PageException("dictionary indices of " + bits + " bits; allowed: 0 to 32");
        }
        runs.reset(page, from + 1, to, bits, ids.size());
    }

    @Override
    public IdType type(int count, boolean nulls) {
        return dictionary.type(nulls);
    }

    @Override
    public int largest() {
        return dictionary.max;
    }

    @Override
    public void read(int count, IdType type, long to) {
        if (empty) {
            throw new PageException("the page has " + count + " ids more than bytes for them");
        }
        if (runs.width == 0) {
            if (dictionary.size() == 0) {
                throw dictionary.outside(0);
            }
            Ids.fill(type, to, count, dictionary.id(0));
            return;
        }
        for (int done = 0; done < count; ) {
            runs.run();
            int n = Math.min(runs.left, count - done);
            long at = to + (long) done * type.bytes();
            if (runs.packed) {
                n = packed(n, type, at);
            } else {
                Ids.fill(type, at, n, dictionary.id(runs.value));
            }
            runs.take(n);
            done += n;
        }
    }

    /**
     * Takes up to {@code n} codes: whole groups of eight at once, and one by one what lies between them (a run may be left
     * anywhere, and codes behind the last one wanted may be padding).
     */
    private int packed(int n, IdType type, long to) {
        int bits = runs.width;
        boolean fast = bits <= 16 && (type.bytes() > 1 || bits <= IdDictionary.PAIR_BITS);
        if (fast && (runs.taken & 7) == 0 && n >= 8) {
            groups(n >>> 3, type, to);
            return n & ~7;
        }
        int few = fast ? Math.min(n, 8 - (runs.taken & 7)) : n;
        for (int i = 0; i < few; i++) {
            int code = Unpack.code(runs.bytes, runs.bit() + (long) i * bits, bits);
            if (Integer.compareUnsigned(code, dictionary.size()) >= 0) {
                throw dictionary.outside(bits);
            }
            Ids.put(type, to, i, dictionary.id(code));
        }
        return few;
    }

    private void groups(int groups, IdType type, long to) {
        int at = (int) (runs.bit() >>> 3);
        boolean known = switch (type.bytes()) {
            case 1 -> Unpack.bytes(runs.bytes, at, groups, runs.width, dictionary, to);
            case 2 -> Unpack.shorts(runs.bytes, at, groups, runs.width, dictionary, to);
            default -> Unpack.ints(runs.bytes, at, groups, runs.width, dictionary, to);
        };
        if (!known) {
            throw dictionary.outside(runs.width);
        }
    }
}
