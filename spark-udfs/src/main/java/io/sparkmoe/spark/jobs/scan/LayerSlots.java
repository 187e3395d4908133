package io.sparkmoe.spark.jobs.scan;

import java.util.Arrays;

/** Dense slots of layers, in the order in which they come. */
final class LayerSlots {
    private int[] slotOf = new int[0];
    private int[] layers = new int[16];
    private int size;

    /** The slot of a layer, a new one where the layer is new. */
    int slot(int layer) {
        if (layer >= slotOf.length) {
            int before = slotOf.length;
            slotOf = Arrays.copyOf(slotOf, Math.max(layer + 1, 64));
            Arrays.fill(slotOf, before, slotOf.length, -1);
        }
        if (slotOf[layer] < 0) {
            layers = size == layers.length ? Arrays.copyOf(layers, 2 * size) : layers;
            layers[size] = layer;
            slotOf[layer] = size++;
        }
        return slotOf[layer];
    }

    int layer(int slot) {
        return layers[slot];
    }

    int size() {
        return size;
    }

    void clear() {
        Arrays.fill(slotOf, -1);
        size = 0;
    }
}
