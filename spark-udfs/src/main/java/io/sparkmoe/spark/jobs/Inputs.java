package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** The files that URIs, folders and globs stand for. */
final class Inputs {
    /**
     * One file.
     *
     * @param path its full URI
     * @param length bytes
     * @param modified milliseconds since 1970, UTC
     */
    record InputFile(String path, long length, long modified) {}

    private Inputs() {}

    /**
     * The files behind the URIs, by path; hidden ones (starting with _ or .) left out.
     *
     * @throws UserError when one of them matches nothing
     */
    static List<InputFile> resolve(List<String> uris, Configuration conf) {
        List<InputFile> files = new ArrayList<>();
        for (String uri : uris) {
            int before = files.size();
            try {
                Path path = new Path(uri);
                FileSystem fs = path.getFileSystem(conf);
                FileStatus[] found = fs.globStatus(path);
                if (found != null) {
                    for (FileStatus status : found) {
                        add(fs, status, files);
                    }
                }
            } catch (IOException e) {
                throw new UserError("cannot list the input " + uri + ": " + e.getMessage(), e);
            }
            if (files.size() == before) {
                throw new UserError("no input matched " + uri
                        + ". Check the path; quote globs so that the shell leaves " + "them alone.");
            }
        }
        files.sort(Comparator.comparing(InputFile::path));
        return files.stream().distinct().toList();
    }

    private static void add(FileSystem fs, FileStatus status, List<InputFile> files) throws IOException {
        if (status.isFile()) {
            files.add(file(status));
            return;
        }
        RemoteIterator<LocatedFileStatus> inside = fs.listFiles(status.getPath(), true);
        while (inside.hasNext()) {
            LocatedFileStatus file = inside.next();
            if (!hidden(status.getPath(), file.getPath())) {
                files.add(file(file));
            }
        }
    }

    private static boolean hidden(Path root, Path file) {
        for (Path p = file; p != null && !p.equals(root); p = p.getParent()) {
            if (p.getName().startsWith("_") || p.getName().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static InputFile file(FileStatus status) {
        return new InputFile(status.getPath().toString(), status.getLen(), status.getModificationTime());
    }
}
