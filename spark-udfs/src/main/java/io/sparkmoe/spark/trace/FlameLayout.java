package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a recording laid out as FLAME-MoE-Traces are: {@code MODEL/actives/iter_N/layer_L.parquet}, a file an
 * iteration and layer, beside {@code MODEL/samples/*.parquet}.
 *
 * @param model folder that holds actives and samples
 * @param iterations by number
 */
record FlameLayout(String model, List<Iteration> iterations) {
    private static final Logger LOG = LoggerFactory.getLogger(FlameLayout.class);
    private static final String SAMPLES = "samples";

    /** The layer files of one iteration, by layer. */
    record Iteration(long number, String folder, TreeMap<Integer, InputFile> layers) {
        private void add(int layer, InputFile file) {
            InputFile twin = layers.put(layer, file);
            if (twin != null) {
                throw new TraceFormatException(file.path() + " and " + twin.path()
                        + " are the same layer of one iteration. Leave one of them out.");
            }
        }
    }

    /**
     * Sorts files into the layout; samples and what is no Parquet file are left aside.
     *
     * @throws TraceFormatException for Parquet files with other names, several models, or no layer file
     */
    static FlameLayout of(List<InputFile> files, List<String> paths) {
        TreeMap<String, Iteration> iterations = new TreeMap<>();
        List<String> others = new ArrayList<>();
        for (InputFile file : files) {
            FlameNames.Name name = FlameNames.parse(file.path());
            if (name != null) {
                iterations
                        .computeIfAbsent(name.folder(), f -> new Iteration(name.iteration(), f, new TreeMap<>()))
                        .add(name.layer(), file);
            } else if (!file.path().endsWith(".parquet")) {
                others.add(file.path());
            } else if (!SAMPLES.equals(new Path(file.path()).getParent().getName())) {
                throw new TraceFormatException(
                        file.path() + " is neither iter_N/layer_L.parquet nor in a folder "
                                + "samples, as the files of FLAME-MoE-Traces are. Leave it out, or read it with recorder trace.");
            }
        }
        if (!others.isEmpty()) {
            LOG.info("{} files are no Parquet files and are left aside, such as {}.", others.size(), others.get(0));
        }
        if (iterations.isEmpty()) {
            throw new TraceFormatException(
                    "No file of " + paths + " is named iter_N/layer_L.parquet, as the layer "
                            + "files of FLAME-MoE-Traces are. Give a model's folder, its folder actives, an iteration or files.");
        }
        List<Iteration> sorted = iterations.values().stream()
                .sorted(Comparator.comparingLong(Iteration::number))
                .toList();
        return new FlameLayout(oneModel(sorted), sorted);
    }

    /** @throws TraceFormatException for a file of a layer that is not on the list */
    void requireLayers(LayerList moeLayers) {
        for (Iteration iteration : iterations) {
            iteration.layers().forEach((layer, file) -> {
                if (!moeLayers.contains(layer)) {
                    throw new TraceFormatException(file.path() + ": layer " + layer + " is not among moeLayers = "
                            + moeLayers + ". Layers count as in the names of the files; correct the option.");
                }
            });
        }
    }

    private static String oneModel(List<Iteration> iterations) {
        for (int i = 1; i < iterations.size(); i++) {
            String a = iterations.get(i - 1).folder();
            String b = iterations.get(i).folder();
            if (!modelOf(a).equals(modelOf(b))) {
                throw new TraceFormatException(a + " and " + b + " are recordings of different models (" + modelOf(a)
                        + ", " + modelOf(b) + "), and their layers must not be added up. Read each on its own.");
            }
            if (iterations.get(i - 1).number() == iterations.get(i).number()) {
                throw new TraceFormatException(a + " and " + b + " are the same iteration. Leave one of them out.");
            }
        }
        return modelOf(iterations.get(0).folder());
    }

    private static String modelOf(String iteration) {
        Path above = new Path(iteration).getParent();
        boolean published = above != null && above.getName().equals("actives") && above.getParent() != null;
        return String.valueOf(published ? above.getParent() : above);
    }

    /**
     * The files of token ids, in the order of their rows: by name, which the published ones number.
     *
     * @throws TraceFormatException when there are none
     */
    List<InputFile> samples(Configuration conf) {
        String folder = model + "/" + SAMPLES;
        try {
            List<InputFile> found = InputFiles.list(List.of(folder), conf).stream()
                    .filter(f -> f.path().endsWith(".parquet"))
                    .sorted(Comparator.comparingInt((InputFile f) -> f.path().length())
                            .thenComparing(InputFile::path))
                    .toList();
            if (!found.isEmpty()) {
                return found;
            }
        } catch (TraceFormatException e) {
            LOG.debug("no samples", e);
        }
        throw new TraceFormatException("tokenIds = true, but there is no Parquet file in " + folder
                + ", where the token ids of this recording belong. Copy them there, or read without tokenIds.");
    }
}
