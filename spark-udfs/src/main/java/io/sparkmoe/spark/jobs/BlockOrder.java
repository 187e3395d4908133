package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.parquet.TraceParquetFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Whether Parquet files promise in their footers that the layers of a token block stand together, as our writer does. */
final class BlockOrder {
    private static final int FILES_A_TASK = 200;

    private BlockOrder() {}

    static boolean kept(SparkSession spark, List<Inputs.InputFile> files) {
        SerializableConfiguration conf =
                new SerializableConfiguration(spark.sessionState().newHadoopConf());
        List<String> paths = files.stream().map(Inputs.InputFile::path).toList();
        if (paths.size() <= FILES_A_TASK) {
            return paths.stream().allMatch(p -> ours(p, conf.value()));
        }
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(paths, paths.size() / FILES_A_TASK + 1)
                .map(p -> ours(p, conf.value()))
                .reduce(Boolean::logicalAnd);
    }

    private static boolean ours(String path, Configuration conf) {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(new Path(path), conf))) {
            Map<String, String> footer = reader.getFileMetaData().getKeyValueMetaData();
            return TraceParquetFormat.WHOLE.equals(footer.get(TraceParquetFormat.BLOCKS_KEY));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the Parquet footer of " + path + ": " + e.getMessage(), e);
        }
    }
}
