package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.MalformedRoutingException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.TaskContext;

/**
 * One function of a batch node.
 *
 * @param inputs where it reads each of the operator's inputs
 * @param sql how the user wrote it, for messages
 * @param hint what to add to a complaint about data; empty for nothing
 */
public record Call(BatchOperator operator, List<InputRef> inputs, String sql, String hint) implements Serializable {
    /** The error of this call, with function and partition. */
    IllegalArgumentException in(TaskContext task, IllegalArgumentException e) {
        return named(sql + (task == null ? "" : ", partition " + task.partitionId()), e, hint);
    }

    /** A complaint about data with the name of what was called. */
    public static IllegalArgumentException named(String where, IllegalArgumentException e, String hint) {
        String message = where + ": " + e.getMessage() + hint;
        if (e instanceof MalformedRoutingException m) {
            MalformedRoutingException named = new MalformedRoutingException(m.row(), m.position(), message);
            named.initCause(e);
            return named;
        }
        return new IllegalArgumentException(message, e);
    }
}
