package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.trace.FlameNames;
import java.util.List;
import java.util.Locale;

/** The recorders that can be read. */
enum Recorder {
    sglang,
    trace,
    flame;

    /**
     * Layer files of FLAME-MoE-Traces are told by their names; other Parquet holds trace tables; anything else is taken for
     * SGLang responses.
     */
    static Recorder guess(List<Inputs.InputFile> files) {
        if (files.stream().anyMatch(f -> flame.reads(f.path()))) {
            return flame;
        }
        return files.get(0).path().toLowerCase(Locale.ROOT).endsWith(".parquet") ? trace : sglang;
    }

    /** Whether a file of an input is read; the layout of FLAME-MoE-Traces has others beside. */
    boolean reads(String path) {
        return this != flame || FlameNames.isLayerFile(path);
    }
}
