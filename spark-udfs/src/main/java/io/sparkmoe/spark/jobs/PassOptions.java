package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Sizes of the forward passes that are replayed where the recorder names none. */
public final class PassOptions {
    @Option(
            names = "--tokens-per-pass",
            paramLabel = "N,...",
            split = ",",
            defaultValue = "1,8,64,512,4096",
            converter = PositiveInt.class,
            description = "Pass sizes to replay. Default: ${DEFAULT-VALUE}.")
    private List<Integer> tokensPerPass = new ArrayList<>();

    List<Integer> tokensPerPass() {
        return tokensPerPass;
    }
}
