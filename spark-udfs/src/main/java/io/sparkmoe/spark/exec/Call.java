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
    MalformedRoutingException in(TaskContext task, MalformedRoutingException e) {
        String where = sql + (task == null ? "" : ", partition " + task.partitionId()) + ": ";
        MalformedRoutingException named =
                new MalformedRoutingException(e.row(), e.position(), where + e.getMessage() + hint);
        named.initCause(e);
        return named;
    }
}
