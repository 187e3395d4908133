package io.sparkmoe.spark.jobs;

import java.util.Locale;

/** The recorders that can be read. */
enum Recorder {
    sglang,
    trace;

    /** Parquet holds trace tables; anything else is taken for SGLang responses. */
    static Recorder guess(String file) {
        return file.toLowerCase(Locale.ROOT).endsWith(".parquet") ? trace : sglang;
    }
}
