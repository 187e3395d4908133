package io.sparkmoe.spark.jobs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * manifest.json of a converted folder: which inputs are in it, and which files make it up. A file that it does not name
 * is left over from a run that did not finish.
 *
 * @param version of this document, 1
 * @param inputs the inputs done
 * @param files paths below the folder
 */
record Manifest(int version, List<Inputs.InputFile> inputs, List<String> files) {
    static final String NAME = "manifest.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    static Manifest empty() {
        return new Manifest(1, List.of(), List.of());
    }

    static Manifest read(FileSystem fs, Path folder) throws IOException {
        Path file = new Path(folder, NAME);
        if (!fs.exists(file)) {
            return empty();
        }
        try (InputStream in = fs.open(file)) {
            return JSON.readValue(in, Manifest.class);
        }
    }

    /** Writes the document whole or not at all. */
    void write(FileSystem fs, Path folder) throws IOException {
        Path next = new Path(folder, "." + NAME);
        try (OutputStream out = fs.create(next, true)) {
            JSON.writeValue(out, this);
        }
        Path file = new Path(folder, NAME);
        fs.delete(file, false);
        if (!fs.rename(next, file)) {
            throw new IOException("cannot rename " + next + " to " + file);
        }
    }

    /**
     * The files that are not done yet.
     *
     * @throws UserError when one changed after it was converted: its old rows are in the table
     */
    List<Inputs.InputFile> pending(List<Inputs.InputFile> found) {
        Map<String, Inputs.InputFile> done = new HashMap<>();
        inputs.forEach(f -> done.put(f.path(), f));
        List<Inputs.InputFile> out = new ArrayList<>();
        for (Inputs.InputFile file : found) {
            Inputs.InputFile before = done.get(file.path());
            if (before == null) {
                out.add(file);
            } else if (!before.equals(file)) {
                throw new UserError(file.path() + " changed after it was converted (" + before.length()
                        + " bytes then, " + file.length()
                        + " now). Convert into a fresh --output, or start over with --overwrite.");
            }
        }
        return out;
    }

    /** This and what one run added. */
    Manifest with(List<Inputs.InputFile> moreInputs, List<String> moreFiles) {
        List<Inputs.InputFile> allInputs = new ArrayList<>(inputs);
        allInputs.addAll(moreInputs);
        List<String> allFiles = new ArrayList<>(files);
        allFiles.addAll(moreFiles);
        return new Manifest(version, allInputs, allFiles);
    }
}
