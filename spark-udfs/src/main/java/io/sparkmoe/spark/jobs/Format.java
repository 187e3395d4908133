package io.sparkmoe.spark.jobs;

/** How a result is printed. */
enum Format {
    table,
    csv,
    json
}
