package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** The functions that change how tensors are written down: array of float to packed and back. */
public final class PackingOperators {
    private static final Set<TensorType> ANY = EnumSet.allOf(TensorType.class);

    private PackingOperators() {}

    /** moe_pack_tensor. */
    public record Pack(TensorType type, int lastDim) implements BatchOperator {
        public Pack {
            if (lastDim < 1) {
                throw new IllegalArgumentException("last_dim must be at least 1, got " + lastDim);
            }
        }

        @Override
        public DataType resultType() {
            return DataTypes.BinaryType;
        }

        @Override
        public List<InputKind> inputs() {
            return List.of(InputKind.Tensor.floats("values", false));
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return 8 + lengths[0] * type.bytes();
        }

        @Override
        public ResultColumn run(BatchInputs in) {
            TensorBatch values = in.hostTensor(0);
            for (int s = 0; s < values.segments(); s++) {
                if (values.elements(s) % lastDim != 0) {
                    long row = values.firstRow() + s;
                    throw new MalformedRoutingException(
                            row,
                            -1,
                            "row " + row + ": values has " + values.elements(s)
                                    + " elements, not a multiple of last_dim " + lastDim + ".");
                }
            }
            HostTensor packed = converted(values, type, in);
            long bytes = packed.totalElements() * type.bytes() + 8L * (packed.segments() + 1L);
            return new ResultColumn(new TensorColumn(packed, lastDim, in.nulls()), IdCounts.NONE, bytes, packed);
        }
    }

    /** moe_unpack_tensor. */
    public record Unpack() implements BatchOperator {
        private static final DataType TYPE = DataTypes.createArrayType(DataTypes.FloatType, false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public List<InputKind> inputs() {
            return List.of(new InputKind.Tensor("packed", 0, ANY, false));
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return 4 + 4 * lengths[0];
        }

        @Override
        public ResultColumn run(BatchInputs in) {
            TensorBatch packed = in.hostTensor(0);
            try (ResultBuffers out = new ResultBuffers(in.allocator()::buffer)) {
                ArrowBuf offsets = out.offsets(packed.segments());
                for (int s = 0; s < packed.segments(); s++) {
                    long end = packed.start(s + 1) - packed.start(0);
                    ResultBuffers.checkTotal(end, packed.elements(s), packed.firstRow() + s, "the unpacked tensor");
                    offsets.setInt(4L * (s + 1L), (int) end);
                }
                ArrowBuf values = out.take(4 * packed.totalElements());
                convert(packed, TensorType.FP32, values.memoryAddress());
                ListBuffer lists = new ListBuffer(packed.segments(), 4, offsets, values);
                out.keep();
                long bytes = 4 * packed.totalElements() + 4L * (packed.segments() + 1L);
                return new ResultColumn(ListColumn.floats(lists, in.nulls()), IdCounts.NONE, bytes, lists);
            }
        }
    }

    private static HostTensor converted(TensorBatch from, TensorType type, BatchInputs in) {
        try (ResultBuffers out = new ResultBuffers(in.allocator()::buffer)) {
            ArrowBuf offsets = out.take(8L * (from.segments() + 1L));
            for (int s = 0; s <= from.segments(); s++) {
                offsets.setLong(8L * s, from.start(s) - from.start(0));
            }
            HostTensor tensor = HostTensor.over(type, from.segments(), offsets, from.firstRow(), out);
            convert(from, type, tensor.values().memoryAddress());
            out.keep();
            return tensor;
        }
    }

    private static void convert(TensorBatch from, TensorType type, long to) {
        long n = from.totalElements();
        long at = from.address(0);
        if (type == from.type()) {
            Memory.copy(at, to, n * type.bytes());
            return;
        }
        for (long i = 0; i < n; i++) {
            float value = Conversions.read(from.type(), at + i * from.type().bytes());
            Conversions.write(type, value, to + i * type.bytes());
        }
    }
}
