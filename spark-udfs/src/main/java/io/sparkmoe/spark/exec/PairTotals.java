package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.LayerPair;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts [E x E] of the layer pairs that a group has seen; written as from, to, length and {@link Sums} a pair. */
final class PairTotals implements Totals {
    private final int experts;
    private final SortedMap<LayerPair, long[]> counts = new TreeMap<>();

    PairTotals(int experts) {
        this.experts = experts;
    }

    SortedMap<LayerPair, long[]> counts() {
        return counts;
    }

    /** The counts of a pair, zeros at first. */
    long[] of(LayerPair pair) {
        return counts.computeIfAbsent(pair, p -> new long[Math.multiplyExact(experts, experts)]);
    }

    @Override
    public void add(Totals other) {
        ((PairTotals) other).counts.forEach((pair, more) -> {
            long[] sums = of(pair);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += more[i];
            }
        });
    }

    @Override
    public byte[] write() {
        Writer out = new Writer();
        counts.forEach(out::add);
        return out.bytes();
    }

    @Override
    public void add(byte[] written) {
        ByteBuffer in = ByteBuffer.wrap(written);
        while (in.hasRemaining()) {
            LayerPair pair = new LayerPair(in.getInt(), in.getInt());
            int length = in.getInt();
            Sums.addTo(Arrays.copyOfRange(written, in.position(), in.position() + length), of(pair));
            in.position(in.position() + length);
        }
    }

    /** Writes pair by pair, so that no more than one has to be at hand. */
    static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        void add(LayerPair pair, long[] sums) {
            byte[] written = Sums.write(sums);
            try {
                out.writeInt(pair.fromLayer());
                out.writeInt(pair.toLayer());
                out.writeInt(written.length);
                out.write(written);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }
}
