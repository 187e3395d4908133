/** Planning: rules that lift functions into batch nodes, the nodes, and the strategy that plans them. */
@NullMarked
package io.sparkmoe.spark.plan;

import org.jspecify.annotations.NullMarked;
