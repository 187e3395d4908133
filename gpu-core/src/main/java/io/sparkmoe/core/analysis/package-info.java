/**
 * The contract of the analyses: accumulators of exact int64 counts over batches of routed tokens, resident for a task's
 * life and merged by addition. docs/analyses.md defines each figure that is made of them.
 */
@NullMarked
package io.sparkmoe.core.analysis;

import org.jspecify.annotations.NullMarked;
