package io.sparkmoe.spark.scan;

/** Why a split of a file is left to Spark's reader. */
enum ScanFallback {
    SCHEMA("scanFallbackSchema", "file splits read by Spark: no such column, or not a list of the declared integers"),
    ENCODING("scanFallbackEncoding", "file splits read by Spark: encoding, codec or encryption"),
    FOOTER("scanFallbackFooter", "file splits read by Spark: the footer could not be read");

    private final String key;
    private final String label;

    ScanFallback(String key, String label) {
        this.key = key;
        this.label = label;
    }

    String key() {
        return key;
    }

    String label() {
        return label;
    }
}
