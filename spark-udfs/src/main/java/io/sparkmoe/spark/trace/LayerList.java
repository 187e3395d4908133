package io.sparkmoe.spark.trace;

import java.io.Serializable;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A set of layers, ascending; written "3-60,62". */
public final class LayerList implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MAX_LAYER = 9_999;

    private final int[] layers;

    private LayerList(int[] layers) {
        this.layers = layers;
    }

    /** The given layers, sorted and without repeats. */
    public static LayerList of(int... layers) {
        return new LayerList(IntStream.of(layers).sorted().distinct().toArray());
    }

    /** Every layer from 0 to {@code numLayers - 1}. */
    public static LayerList all(int numLayers) {
        return new LayerList(IntStream.range(0, numLayers).toArray());
    }

    /**
     * Reads ranges and single layers, separated by commas.
     *
     * @throws TraceFormatException naming the option and the part that is no range
     */
    public static LayerList parse(String option, String text) {
        TreeSet<Integer> found = new TreeSet<>();
        for (String part : text.split(",", -1)) {
            String[] ends = part.trim().split("-", -1);
            if (ends.length > 2) {
                throw malformed(option, text, part);
            }
            int from = layer(option, text, ends[0]);
            int to = layer(option, text, ends[ends.length - 1]);
            if (from > to) {
                throw malformed(option, text, part);
            }
            IntStream.rangeClosed(from, to).forEach(found::add);
        }
        return new LayerList(found.stream().mapToInt(Integer::intValue).toArray());
    }

    private static int layer(String option, String text, String digits) {
        String trimmed = digits.trim();
        if (!trimmed.matches("[0-9]{1,4}")) {
            throw malformed(option, text, digits);
        }
        return Integer.parseInt(trimmed);
    }

    private static TraceFormatException malformed(String option, String text, String part) {
        return new TraceFormatException(option + " = '" + text + "': '" + part.trim()
                + "' is neither a layer nor a range of layers from 0 to " + MAX_LAYER
                + ". Write layers and ranges with commas between, such as 3-60,62.");
    }

    public int size() {
        return layers.length;
    }

    /** The i-th smallest layer. */
    public int get(int i) {
        return layers[i];
    }

    public boolean contains(int layer) {
        return Arrays.binarySearch(layers, layer) >= 0;
    }

    /** The layers, ascending, as a new array. */
    public int[] toArray() {
        return layers.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LayerList that && Arrays.equals(layers, that.layers);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(layers);
    }

    /** The form that {@link #parse} reads. */
    @Override
    public String toString() {
        int[] starts = IntStream.range(0, layers.length)
                .filter(i -> i == 0 || layers[i] != layers[i - 1] + 1)
                .toArray();
        return IntStream.range(0, starts.length)
                .mapToObj(s -> {
                    int last = (s + 1 < starts.length ? starts[s + 1] : layers.length) - 1;
                    return layers[starts[s]] + (last > starts[s] ? "-" + layers[last] : "");
                })
                .collect(Collectors.joining(","));
    }
}
