package io.sparkmoe.spark.trace;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds layers that are all zeros in every record of a file. A dense layer looks like that, and without a layer list it
 * would be counted as routing to expert 0; with topk of 2 or more no MoE layer can (a token's experts are distinct).
 */
final class DenseLayers {
    private final String file;
    private final int topk;
    private final boolean[] zeroSeen;
    private final boolean[] routes;
    private int open;

    private DenseLayers(String file, int numLayers, int topk) {
        this.file = file;
        this.topk = topk;
        this.zeroSeen = new boolean[numLayers];
        this.routes = new boolean[numLayers];
        this.open = numLayers;
    }

    /** The check for one file, or null where a layer list is given or topk is 1. */
    static @Nullable DenseLayers of(String file, ModelFacts facts) {
        boolean needed = facts.moeLayers() == null && facts.requireTopk() > 1;
        return needed ? new DenseLayers(file, facts.requireNumLayers(), facts.requireTopk()) : null;
    }

    void add(IdStore ids) {
        for (int layer = 0; layer < routes.length && open > 0; layer++) {
            if (!routes[layer]) {
                look(ids, layer);
            }
        }
    }

    private void look(IdStore ids, int layer) {
        long row = (long) routes.length * topk;
        for (long at = (long) layer * topk; at < ids.size(); at += row) {
            for (int slot = 0; slot < topk; slot++) {
                int id = ids.get(at + slot);
                zeroSeen[layer] |= id == 0;
                if (id > 0) {
                    routes[layer] = true;
                    open--;
                    return;
                }
            }
        }
    }

    /** Stops the job, at the end of the file, when a layer is nothing but zeros (and masked ids). */
    void check() {
        List<Integer> dense = new ArrayList<>();
        for (int layer = 0; layer < routes.length; layer++) {
            if (zeroSeen[layer] && !routes[layer]) {
                dense.add(layer);
            }
        }
        if (!dense.isEmpty()) {
            LayerList named =
                    LayerList.of(dense.stream().mapToInt(Integer::intValue).toArray());
            throw new TraceFormatException(
                    file + ": layers " + named + " are all zeros in every record, as dense layers "
                            + "are; read as MoE layers they would count as routes to expert 0. Allowed: layers that route. Give "
                            + "the MoE layers by the option moeLayers (such as 3-60,62), or modelConfig with the model's "
                            + "config.json.");
        }
    }
}
