package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The folder that convert adds to: trace/, audit/ and quarantine/ with Parquet files, and the manifest. A run writes into
 * a hidden folder, moves its files in and then writes the manifest, which makes them count.
 */
final class ConvertFolder implements AutoCloseable {
    private static final List<String> PARTS = List.of("trace", "audit", "quarantine");

    private final FileSystem fs;
    private final Path folder;
    private final Path work;
    private Manifest manifest;

    private ConvertFolder(FileSystem fs, Path folder, Manifest manifest) {
        this.fs = fs;
        this.folder = folder;
        this.manifest = manifest;
        this.work = new Path(folder, ".run-" + UUID.randomUUID());
    }

    /**
     * Opens or starts a folder; what an unfinished run left is removed.
     *
     * @throws UserError when the folder holds something else
     */
    static ConvertFolder open(String name, boolean overwrite, Configuration conf) throws IOException {
        Path given = new Path(name);
        FileSystem fs = given.getFileSystem(conf);
        Path folder = fs.makeQualified(given);
        boolean ours = fs.exists(new Path(folder, Manifest.NAME));
        boolean taken = fs.exists(folder) && (fs.getFileStatus(folder).isFile() || foreign(fs, folder));
        if (taken && !ours) {
            throw new UserError("output exists: " + OutputFolder.show(folder)
                    + " was not written by convert (it has no " + Manifest.NAME + "). Choose another --output.");
        }
        if (ours && overwrite) {
            fs.delete(folder, true);
        }
        fs.mkdirs(folder);
        ConvertFolder out = new ConvertFolder(fs, folder, Manifest.read(fs, folder));
        out.removeLeftovers();
        return out;
    }

    /** Whether there is anything that an interrupted first run of convert would not have left. */
    private static boolean foreign(FileSystem fs, Path folder) throws IOException {
        for (FileStatus status : fs.listStatus(folder)) {
            String name = status.getPath().getName();
            if (!PARTS.contains(name) && !name.startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private void removeLeftovers() throws IOException {
        Set<String> known = new HashSet<>(manifest.files());
        for (FileStatus status : fs.listStatus(folder)) {
            if (status.getPath().getName().startsWith(".run-")) {
                fs.delete(status.getPath(), true);
            }
        }
        for (String part : PARTS) {
            for (String file : files(new Path(folder, part))) {
                if (!known.contains(part + "/" + file)) {
                    fs.delete(new Path(folder, part + "/" + file), false);
                }
            }
        }
    }

    private List<String> files(Path part) throws IOException {
        List<String> out = new ArrayList<>();
        if (fs.exists(part)) {
            for (FileStatus status : fs.listStatus(part)) {
                if (status.getPath().getName().endsWith(".parquet")) {
                    out.add(status.getPath().getName());
                }
            }
        }
        return out;
    }

    Manifest manifest() {
        return manifest;
    }

    /** Where this run writes a part. */
    String part(String name) {
        return new Path(work, name).toString();
    }

    /** Bytes of the trace files that this run wrote. */
    long bytesWritten() throws IOException {
        Path trace = new Path(work, "trace");
        return fs.exists(trace) ? fs.getContentSummary(trace).getLength() : 0;
    }

    /** Makes what this run wrote part of the folder. */
    void commit(List<Inputs.InputFile> inputs) throws IOException {
        List<String> moved = new ArrayList<>();
        for (String part : PARTS) {
            for (String file : files(new Path(work, part))) {
                fs.mkdirs(new Path(folder, part));
                if (!fs.rename(new Path(work, part + "/" + file), new Path(folder, part + "/" + file))) {
                    throw new IOException("cannot move " + file + " into " + OutputFolder.show(folder));
                }
                moved.add(part + "/" + file);
            }
        }
        manifest = manifest.with(inputs, moved);
        manifest.write(fs, folder);
    }

    /** A place in the folder, for people. */
    String shown(String name) {
        return OutputFolder.show(new Path(folder, name));
    }

    @Override
    public void close() throws IOException {
        fs.delete(work, true);
    }
}
