package io.sparkmoe.spark.functions;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;

/**
 * The arguments of one call, in the order of the parameters.
 *
 * @param expressions one a parameter, defaults filled in as literals
 * @param positional whether num_experts and block_size were both given by position, where a swap goes unnoticed
 */
record Arguments(FunctionSpec spec, List<Expression> expressions, boolean positional) {}
