/** Spark MoE's ways into Spark: plugin, session extensions, configuration keys, command line. */
@NullMarked
package io.sparkmoe.spark;

import org.jspecify.annotations.NullMarked;
