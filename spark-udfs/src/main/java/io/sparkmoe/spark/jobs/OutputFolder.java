package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An output folder that is written beside its place and renamed into it when whole, so that no half-written output is
 * taken for whole. Closing without {@link #commit} leaves nothing behind.
 */
final class OutputFolder implements AutoCloseable {
    private final FileSystem fs;
    private final Path target;
    private final Path work;

    private OutputFolder(FileSystem fs, Path target, Path work) {
        this.fs = fs;
        this.target = target;
        this.work = work;
    }

    /**
     * Prepares a folder.
     *
     * @param overwrite whether an earlier output may be replaced: only a folder that holds {@code mark} is one
     * @throws UserError when it exists and may not be replaced
     */
    static OutputFolder open(String folder, boolean overwrite, String mark, Configuration conf) throws IOException {
        Path given = new Path(folder);
        FileSystem fs = given.getFileSystem(conf);
        Path target = fs.makeQualified(given);
        boolean taken = fs.exists(target) && (fs.getFileStatus(target).isFile() || fs.listStatus(target).length > 0);
        if (taken && !overwrite) {
            throw new UserError("output exists: " + show(target) + ". Choose another --output, or replace it with "
                    + "--overwrite.");
        }
        if (taken && !fs.exists(new Path(target, mark))) {
            throw new UserError("output exists: " + show(target) + " holds no " + mark + ", so it is no earlier output "
                    + "and is not replaced. Choose another --output.");
        }
        Path work = new Path(target.getParent(), "." + target.getName() + "-" + UUID.randomUUID());
        fs.mkdirs(work);
        return new OutputFolder(fs, target, work);
    }

    /** Where to write a part while the folder is being made. */
    String part(String name) {
        return new Path(work, name).toString();
    }

    /** Creates a file; on a local disk without a checksum file beside it. */
    OutputStream create(String name) throws IOException {
        FileSystem plain = fs instanceof LocalFileSystem local ? local.getRawFileSystem() : fs;
        return plain.create(new Path(work, name), true);
    }

    /** Puts the folder in its place, in exchange for what was there. */
    void commit() throws IOException {
        Path old = new Path(work.getParent(), work.getName() + "-old");
        boolean replaced = fs.exists(target);
        if (replaced && !fs.rename(target, old)) {
            throw new IOException("cannot move the earlier output " + show(target) + " out of the way");
        }
        if (!fs.rename(work, target)) {
            if (replaced) {
                fs.rename(old, target);
            }
            throw new IOException("cannot rename " + show(work) + " to " + show(target));
        }
        if (replaced) {
            fs.delete(old, true);
        }
    }

    /** The place of a part, for people: a plain path on a local disk. */
    String shown(String name) {
        return show(name.isEmpty() ? target : new Path(target, name));
    }

    static String show(Path path) {
        boolean local =
                path.toUri().getScheme() == null || path.toUri().getScheme().equals("file");
        return local ? path.toUri().getPath() : path.toString();
    }

    @Override
    public void close() throws IOException {
        fs.delete(work, true);
    }
}
