package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.IdOptions;
import java.io.Serializable;
import org.apache.spark.sql.types.DataType;

/** What an operator takes an input for. Kinds that are equal may share what has been collected. */
public interface InputKind extends Serializable {
    /** A collector of a column of this type. */
    InputCollector collector(DataType type, BufferSource buffers);

    /** The kind as far as collecting a column of this type goes: equal ones collect the same bytes. */
    default Object collects(DataType type) {
        return this;
    }

    /** Lists of expert ids, by the policies of {@code options}. */
    record Ids(IdOptions options) implements InputKind {
        @Override
        public InputCollector collector(DataType type, BufferSource buffers) {
            return new IdCollector(type, options, buffers);
        }

        @Override
        public Object collects(DataType type) {
            return IdElements.policyMatters(type) ? this : "ids";
        }
    }
}
