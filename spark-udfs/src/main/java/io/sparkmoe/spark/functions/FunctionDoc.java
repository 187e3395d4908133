package io.sparkmoe.spark.functions;

/**
 * What DESCRIBE FUNCTION EXTENDED and docs/functions.md say; a test runs the example and compares its result.
 *
 * @param summary one or two sentences
 * @param returns the result's type and meaning
 * @param example a query without the trailing semicolon
 * @param result what spark-sql prints for it
 */
public record FunctionDoc(String summary, String returns, String example, String result) {}
