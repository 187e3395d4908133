/** Benchmarks: JMH for the operators, and whole queries beside Spark's own aggregates and DuckDB in the same run. */
package io.sparkmoe.benchmarks;
