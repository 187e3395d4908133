package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/** Tables with E x E rows a layer or layer pair: made where the sums are, never on the driver. Zero cells are left out. */
final class MatrixTables {
    private static final StructType COACTIVATION = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("expert", DataTypes.IntegerType, false)
            .add("with_expert", DataTypes.IntegerType, false)
            .add("token_count", DataTypes.LongType, false)
            .add("share", DataTypes.DoubleType, false)
            .add("lift", DataTypes.DoubleType, false);

    private static final StructType TRANSITIONS = new StructType()
            .add("from_layer", DataTypes.IntegerType, false)
            .add("to_layer", DataTypes.IntegerType, false)
            .add("from_expert", DataTypes.IntegerType, false)
            .add("to_expert", DataTypes.IntegerType, false)
            .add("count", DataTypes.LongType, false)
            .add("share_of_row", DataTypes.DoubleType, false)
            .add("per_token", DataTypes.DoubleType, false);

    private MatrixTables() {}

    /** coactivation, of (layer, upper triangle). */
    static Dataset<Row> coactivation(
            SparkSession spark, JavaRDD<Tuple2<Integer, long[]>> triangles, Map<Integer, ScanResult.Load> load) {
        TreeMap<Integer, Long> tokens = new TreeMap<>();
        load.forEach((layer, l) -> tokens.put(layer, l.known()));
        return spark.createDataFrame(
                triangles.flatMap(t -> coactivationRows(t._1(), t._2(), tokens.get(t._1()))), COACTIVATION);
    }

    private static Iterator<Row> coactivationRows(int layer, long[] triangle, long tokens) {
        int experts = experts(triangle.length);
        return IntStream.range(0, experts)
                .boxed()
                .flatMap(i -> IntStream.range(0, experts)
                        .filter(j -> triangle[Triangle.index(i, j, experts)] > 0)
                        .mapToObj(j -> {
                            long both = triangle[Triangle.index(i, j, experts)];
                            double of = triangle[Triangle.index(i, i, experts)];
                            double other = triangle[Triangle.index(j, j, experts)];
                            return RowFactory.create(
                                    layer, i, j, both, both / of, both * (double) tokens / (of * other));
                        }))
                .iterator();
    }

    /** E of a triangle of so many cells. */
    static int experts(int cells) {
        return (int) ((Math.sqrt(8.0 * cells + 1) - 1) / 2);
    }

    /** transitions, of ((from, to), counts). */
    static Dataset<Row> transitions(
            SparkSession spark,
            JavaRDD<Tuple2<Tuple2<Integer, Integer>, long[]>> counts,
            Map<Integer, ScanResult.Load> load) {
        TreeMap<Integer, long[]> naming = new TreeMap<>();
        load.forEach((layer, l) -> naming.put(layer, l.naming()));
        return spark.createDataFrame(
                counts.flatMap(t -> transitionRows(t._1()._1(), t._1()._2(), t._2(), naming.get(t._1()._1()))),
                TRANSITIONS);
    }

    private static Iterator<Row> transitionRows(int from, int to, long[] counts, long[] naming) {
        int experts = naming.length;
        return IntStream.range(0, experts)
                .boxed()
                .flatMap(i -> {
                    double sum = IntStream.range(i * experts, (i + 1) * experts)
                            .mapToLong(c -> counts[c])
                            .sum();
                    return IntStream.range(0, experts)
                            .filter(j -> counts[i * experts + j] > 0)
                            .mapToObj(j -> {
                                long n = counts[i * experts + j];
                                return RowFactory.create(from, to, i, j, n, n / sum, n / (double) naming[i]);
                            });
                })
                .iterator();
    }
}
