package io.sparkmoe.spark.exec;

import java.util.List;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;

/** The data columns of one row on the heap, for what works row by row. */
public final class RowInputs {
    private RowInputs() {}

    /**
     * @param types of the columns
     * @param values Catalyst values, none null
     * @return int[] for ids and layers (flat), float[] for weights
     * @throws io.sparkmoe.core.routing.MalformedRoutingException naming what does not fit
     */
    public static Object[] read(SumOperator operator, List<DataType> types, Object[] values) {
        List<SumInput> kinds = operator.inputs();
        if (kinds.contains(SumInput.LAYERED_IDS)) {
            LayeredIds.check(0, (ArrayData) values[0], (ArrayData) values[1]);
        }
        Object[] out = new Object[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = kinds.get(i) == SumInput.WEIGHTS
                    ? WeightCollector.read(types.get(i), (ArrayData) values[i])
                    : RowIds.read(types.get(i), values[i], operator.ids());
        }
        return out;
    }
}
