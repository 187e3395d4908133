package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Finds the input files of a scan through Hadoop's file systems. */
final class InputFiles {
    private InputFiles() {}

    /** One input file. */
    record InputFile(String path, long bytes) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Lists files, folders (with all below them) and globs; names starting with "." or "_" are left out.
     *
     * @throws TraceFormatException when a path matches no file
     */
    static List<InputFile> list(List<String> paths, Configuration conf) {
        List<InputFile> found = new ArrayList<>();
        for (String text : paths) {
            int before = found.size();
            try {
                addMatches(new Path(text), conf, found);
            } catch (IOException e) {
                throw new TraceFormatException("Input '" + text + "' cannot be listed: " + e.getMessage(), e);
            }
            if (found.size() == before) {
                throw new TraceFormatException("No input matched '" + text + "'. Check the path; names starting with "
                        + "'.' or '_' are left out.");
            }
        }
        found.sort(Comparator.comparing(InputFile::path));
        return found.stream().distinct().toList();
    }

    private static void addMatches(Path glob, Configuration conf, List<InputFile> into) throws IOException {
        FileSystem fs = glob.getFileSystem(conf);
        FileStatus[] matches = fs.globStatus(glob);
        if (matches == null) {
            return;
        }
        for (FileStatus match : matches) {
            if (match.isFile()) {
                into.add(new InputFile(match.getPath().toString(), match.getLen()));
                continue;
            }
            RemoteIterator<LocatedFileStatus> below = fs.listFiles(match.getPath(), true);
            while (below.hasNext()) {
                LocatedFileStatus file = below.next();
                if (!isHidden(file.getPath(), match.getPath())) {
                    into.add(new InputFile(file.getPath().toString(), file.getLen()));
                }
            }
        }
    }

    private static boolean isHidden(Path file, Path folder) {
        for (Path p = file; p != null && !p.equals(folder); p = p.getParent()) {
            if (p.getName().startsWith(".") || p.getName().startsWith("_")) {
                return true;
            }
        }
        return false;
    }
}
