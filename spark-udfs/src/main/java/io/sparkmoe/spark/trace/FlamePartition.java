package io.sparkmoe.spark.trace;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.jspecify.annotations.Nullable;

/**
 * The work of one task: all layers of the tokens [firstRow, endRow) of an iteration, and files that cannot be used.
 *
 * @param source the iteration's folder
 * @param layers the layers to read, ascending
 * @param samples where the token ids are, or null
 */
record FlamePartition(
        long iteration,
        String source,
        long firstRow,
        long endRow,
        List<Layer> layers,
        @Nullable Rows samples,
        List<Bad> bad)
        implements InputPartition {
    private static final long serialVersionUID = 1L;

    /**
     * Whole row groups whose rows, after the first {@code skip}, are those of the task and perhaps more.
     *
     * @param file the (first) file
     */
    record Rows(String file, FilePartition parts, long skip) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /** One layer's rows; null where no column asked for lies in the files. */
    record Layer(int layer, @Nullable Rows rows) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /** A file that cannot be used; layer -1 = it is no layer's. */
    record Bad(int layer, String file, BadReason reason, String value, String allowed, String detail)
            implements Serializable {
        private static final long serialVersionUID = 1L;

        static Bad of(int layer, BadRecord bad) {
            return new Bad(layer, bad.file(), bad.reason(), bad.value(), bad.allowed(), bad.detail());
        }

        BadRecord record() {
            return new BadRecord(file, -1, 0, reason, -1, value, allowed, detail, ByteBuffer.allocate(0));
        }
    }
}
