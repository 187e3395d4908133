package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Block sizes that kernels pad an expert's tokens to. */
public final class BlockOptions {
    @Option(
            names = "--block-sizes",
            paramLabel = "B,...",
            split = ",",
            defaultValue = "16,32,64,128,256",
            converter = PositiveInt.class,
            description = "Block sizes to pad to. Default: ${DEFAULT-VALUE}.")
    private List<Integer> blockSizes = new ArrayList<>();

    List<Integer> blockSizes() {
        return blockSizes;
    }
}
