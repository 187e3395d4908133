package io.sparkmoe.spark.exec;

import java.io.Serializable;

/**
 * One aggregate of a partial node.
 *
 * @param input ordinal of the id column in the child's output
 * @param sql how the user wrote it, for messages
 */
public record SumCall(SumOperator operator, int input, String sql) implements Serializable {}
