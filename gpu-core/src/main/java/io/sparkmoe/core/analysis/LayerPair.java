package io.sparkmoe.core.analysis;

import java.util.Comparator;

/** From one layer of the model to a later one; ordered by from, then to. */
public record LayerPair(int fromLayer, int toLayer) implements Comparable<LayerPair> {
    private static final Comparator<LayerPair> ORDER =
            Comparator.comparingInt(LayerPair::fromLayer).thenComparingInt(LayerPair::toLayer);

    @Override
    public int compareTo(LayerPair other) {
        return ORDER.compare(this, other);
    }
}
