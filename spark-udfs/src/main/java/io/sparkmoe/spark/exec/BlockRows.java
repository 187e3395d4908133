package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.MalformedRoutingException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;

/** The rows of one token block by layer: the state of moe_token_blocks. */
public final class BlockRows {
    private final int topk;
    private final TreeMap<Integer, int[]> layers = new TreeMap<>();

    /** @param topk slots of a token, or {@link io.sparkmoe.core.analysis.Topk#OF_SEGMENT} */
    public BlockRows(int topk) {
        this.topk = topk;
    }

    /**
     * Adds a layer's row.
     *
     * @throws MalformedRoutingException for a layer that is there already
     */
    public void add(int layer, int[] ids) {
        Tokens.slots(ids.length, topk);
        if (layers.put(layer, ids) != null) {
            throw refused(
                    "layer " + layer + " is there twice; group by the whole key of a token block: source, request_id, "
                            + "choice, step, rank, first_position, and checkpoint where there are several");
        }
    }

    public void add(BlockRows other) {
        other.layers.forEach(this::add);
    }

    /** Layers and their lists, ascending. */
    public InternalRow result() {
        int[] numbers = new int[layers.size()];
        Object[] lists = new Object[numbers.length];
        int at = 0;
        int length = -1;
        for (Map.Entry<Integer, int[]> row : layers.entrySet()) {
            int n = row.getValue().length;
            if (length >= 0 && n != length) {
                throw refused("layer " + row.getKey() + " has " + n + " ids, layer " + layers.firstKey() + " has "
                        + length + "; every layer of a token block has the same tokens");
            }
            length = n;
            numbers[at] = row.getKey();
            lists[at++] = UnsafeArrayData.fromPrimitiveArray(row.getValue());
        }
        return new GenericInternalRow(
                new Object[] {UnsafeArrayData.fromPrimitiveArray(numbers), new GenericArrayData(lists)});
    }

    private static MalformedRoutingException refused(String what) {
        return new MalformedRoutingException(-1, -1, "moe_token_blocks: " + what + ".");
    }

    /** Layer, number of ids and ids of each row, int32. */
    public byte[] write() {
        int ints = layers.values().stream().mapToInt(ids -> 2 + ids.length).sum();
        ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(4, ints));
        layers.forEach((layer, ids) -> {
            out.putInt(layer).putInt(ids.length);
            out.asIntBuffer().put(ids);
            out.position(out.position() + 4 * ids.length);
        });
        return out.array();
    }

    /** Adds what {@link #write} wrote. */
    public void add(byte[] written) {
        ByteBuffer in = ByteBuffer.wrap(written);
        while (in.hasRemaining()) {
            int layer = in.getInt();
            int[] ids = new int[in.getInt()];
            in.asIntBuffer().get(ids);
            in.position(in.position() + 4 * ids.length);
            add(layer, ids);
        }
    }
}
