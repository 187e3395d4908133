package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * The token ids of a recording: row i of the files laid end to end, in the order of their names, is token i of every layer
 * file.
 *
 * @param bad why they cannot be used, or null
 */
record FlameSamples(
        String folder,
        List<FlameFile> files,
        long rows,
        @Nullable BadRecord bad) {
    static FlameSamples read(FlameLayout layout, Configuration conf) {
        List<FlameFile> files = new ArrayList<>();
        long rows = 0;
        String folder = layout.model() + "/samples";
        for (InputFile file : layout.samples(conf)) {
            try {
                FlameFile read = FlameFile.read(file, conf);
                FlameColumns.checkTokens(read);
                files.add(read);
                rows += read.rows();
            } catch (BadRecord.Found e) {
                return new FlameSamples(folder, List.of(), 0, FlameRecording.whole(e, file.path()));
            } catch (IOException e) {
                throw new TraceFormatException(file.path() + ": the footer cannot be read: " + e.getMessage(), e);
            }
        }
        return new FlameSamples(folder, List.copyOf(files), rows, null);
    }

    /** Why they do not fit an iteration of so many rows, or null when they do. */
    @Nullable
    BadRecord fault(long iterationRows) {
        if (bad != null || rows == iterationRows) {
            return bad;
        }
        BadRecord.Found found = new BadRecord.Found(
                BadReason.TOKEN_IDS,
                -1,
                rows + " token ids",
                iterationRows + " rows, as the layers have",
                "samples and layers do not line up");
        return FlameRecording.whole(found, folder);
    }
}
