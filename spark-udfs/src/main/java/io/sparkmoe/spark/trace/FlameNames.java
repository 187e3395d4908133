package io.sparkmoe.spark.trace;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How the layer files of FLAME-MoE-Traces are named: {@code iter_N/layer_L.parquet}. */
public final class FlameNames {
    private static final Pattern LAYER_FILE =
            Pattern.compile("(?<folder>(?:.*/)?iter_(?<iteration>\\d{1,18}))/layer_(?<layer>\\d{1,4})\\.parquet");

    /**
     * What a layer file's name says.
     *
     * @param folder the iteration's folder
     */
    record Name(String folder, long iteration, int layer) {}

    private FlameNames() {}

    /** Whether a path is that of a layer file. */
    public static boolean isLayerFile(String path) {
        return LAYER_FILE.matcher(path).matches();
    }

    static @Nullable Name parse(String path) {
        Matcher found = LAYER_FILE.matcher(path);
        return found.matches()
                ? new Name(
                        found.group("folder"),
                        Long.parseLong(found.group("iteration")),
                        Integer.parseInt(found.group("layer")))
                : null;
    }
}
