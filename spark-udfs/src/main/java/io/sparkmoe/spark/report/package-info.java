/**
 * The routing report: {@link io.sparkmoe.spark.report.ReportModel} in, one self-contained HTML page
 * ({@link io.sparkmoe.spark.report.ReportPage}) and summary.json
 * ({@link io.sparkmoe.spark.report.SummaryJson}) out. Nothing here computes metrics or reads traces.
 */
@NullMarked
package io.sparkmoe.spark.report;

import org.jspecify.annotations.NullMarked;
