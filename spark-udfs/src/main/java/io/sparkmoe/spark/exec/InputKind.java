package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.IdOptions;
import java.io.Serializable;
import java.util.Set;
import org.apache.spark.sql.types.DataType;

/** What an operator takes an input for. Kinds that are equal may share what has been collected. */
public interface InputKind extends Serializable {
    /**
     * A collector of a column of this type.
     *
     * @param inPlace take a tensor of a batch node below where it lies
     */
    InputCollector collector(DataType type, BufferSource buffers, boolean inPlace);

    /** The kind as far as collecting a column of this type goes: equal ones collect the same bytes. */
    default Object collects(DataType type) {
        return this;
    }

    /** Lists of expert ids, by the policies of {@code options}. */
    record Ids(IdOptions options) implements InputKind {
        @Override
        public InputCollector collector(DataType type, BufferSource buffers, boolean inPlace) {
            return new IdCollector(type, options, buffers);
        }

        @Override
        public Object collects(DataType type) {
            return IdElements.policyMatters(type) ? this : "ids";
        }
    }

    /** Lists of row numbers, 32 bits wide; negative or NULL: none. */
    record Positions(String name) implements InputKind {
        @Override
        public InputCollector collector(DataType type, BufferSource buffers, boolean inPlace) {
            return new IdCollector(type, new IdElements(name), buffers);
        }
    }

    /**
     * Tensors.
     *
     * @param lastDim what a packed tensor's last_dim must be; 0: anything
     * @param types which element types it may have
     * @param broadcast a constant is collected as one segment, which holds for every row
     */
    record Tensor(String name, int lastDim, Set<TensorType> types, boolean broadcast) implements InputKind {
        private static final Set<TensorType> ACTIVATIONS = Set.of(TensorType.FP32, TensorType.FP16, TensorType.BF16);

        /** What operators take: rows of {@code lastDim} elements in fp32, fp16 or bf16. */
        static Tensor activations(String name, int lastDim) {
            return new Tensor(name, lastDim, ACTIVATIONS, false);
        }

        /** Numbers in fp32: weights, scales. */
        static Tensor floats(String name, boolean broadcast) {
            return new Tensor(name, 0, Set.of(TensorType.FP32), broadcast);
        }

        @Override
        public InputCollector collector(DataType type, BufferSource buffers, boolean inPlace) {
            return new TensorCollector(this, type, buffers, inPlace);
        }
    }
}
