package io.sparkmoe.spark.jobs.scan;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import scala.Tuple2;

/** Whether the pieces of sequences that task edges cut counted their passes from where the sequences start. */
final class EdgeStarts {
    private EdgeStarts() {}

    /** @param edges one a piece and layer: its first position, and the position that it counted from */
    static boolean agree(List<Tuple2<PartialKey, byte[]>> edges, List<Integer> sizes) {
        Map<PartialKey, Long> starts = new HashMap<>();
        edges.forEach(e -> starts.merge(e._1(), ByteBuffer.wrap(e._2()).getLong(), Math::min));
        return edges.stream().allMatch(e -> {
            long off = ByteBuffer.wrap(e._2()).getLong(8) - starts.get(e._1());
            return sizes.stream().allMatch(n -> off % n == 0);
        });
    }
}
