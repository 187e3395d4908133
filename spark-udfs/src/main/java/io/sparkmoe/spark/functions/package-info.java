/** The SQL functions: names, arguments, checks, result types, documentation and their Catalyst expressions. */
@NullMarked
package io.sparkmoe.spark.functions;

import org.jspecify.annotations.NullMarked;
