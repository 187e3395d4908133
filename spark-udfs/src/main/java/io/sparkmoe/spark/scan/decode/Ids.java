package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;

/** Ids in memory, of 1, 2 or 4 bytes. */
final class Ids {
    private Ids() {}

    static void put(IdType type, long address, int index, int id) {
        switch (type.bytes()) {
            case 1 -> Memory.putByte(address + index, (byte) id);
            case 2 -> Memory.putShort(address + 2L * index, (short) id);
            default -> Memory.putInt(address + 4L * index, id);
        }
    }

    static void fill(IdType type, long address, int count, int id) {
        if (type.bytes() == 1) {
            Memory.fill(address, count, (byte) id);
            return;
        }
        for (int i = 0; i < count; i++) {
            put(type, address, i, id);
        }
    }

    /**
     * Moves ids apart: bit i of {@code present} says whether slot i takes the next id; other slots get the masked code, all
     * ones in every type. Reads and writes up to eight bytes behind either end.
     */
    static void spread(int bytes, long from, long to, long[] present, int slots) {
        long source = from;
        for (int base = 0; base < slots; base += 64) {
            int n = Math.min(64, slots - base);
            long left = present[base >>> 6] & Bits.below(n);
            long out = to + (long) base * bytes;
            int at = 0;
            while (at < n) {
                int nulls = Math.min(n - at, Long.numberOfTrailingZeros(left));
                for (int done = 0; done < nulls * bytes; done += 8) {
                    Memory.putLong(out + (long) at * bytes + done, -1L);
                }
                at += nulls;
                left = nulls == 64 ? 0 : left >>> nulls;
                int run = Math.min(n - at, Long.numberOfTrailingZeros(~left));
                for (int done = 0; done < run * bytes; done += 8) {
                    Memory.putLong(out + (long) at * bytes + done, Memory.getLong(source + done));
                }
                source += (long) run * bytes;
                at += run;
                left = run == 64 ? 0 : left >>> run;
            }
        }
    }
}
