package io.sparkmoe.spark.faults;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FutureDataInputStreamBuilder;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.fs.impl.OpenFileParameters;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.RuntimeConfig;

/**
 * The local file system in place of {@code file:}, whose streams break or stall in a task's first attempt once some bytes
 * of them have been read; the next attempt is not disturbed. Counts, in this JVM, the streams open and the faults made.
 */
public final class FaultyFileSystem extends LocalFileSystem {
    /** What happens to a stream. */
    public enum Fault {
        /** The read fails. */
        BREAK,
        /** The read waits, on every attempt, until its thread is interrupted. */
        HANG,
        /** The read waits, on every attempt, until its task is killed, and then goes on as if nothing were. */
        SLEEP,
        /** The read waits as long, on the first attempt of a stage's first task. */
        STALL
    }

    public static final AtomicInteger OPEN = new AtomicInteger();
    public static final AtomicInteger FAULTS = new AtomicInteger();
    /** Reads by tasks that had been killed. */
    public static final AtomicInteger LATE = new AtomicInteger();

    private static final String NAMES = "faults.names";
    private static final String KIND = "faults.kind";
    private static final String AFTER = "faults.after";

    /** The settings, as Spark hands them to Hadoop. */
    public static Map<String, String> settings(Fault fault, String names, long afterBytes) {
        return Map.of(
                "fs.file.impl",
                FaultyFileSystem.class.getName(),
                "fs.file.impl.disable.cache",
                "true",
                NAMES,
                names,
                KIND,
                fault.name(),
                AFTER,
                Long.toString(afterBytes));
    }

    /** Sets a session to read files with these names through here, and forgets the earlier counts. */
    public static void on(RuntimeConfig conf, Fault fault, String names, long afterBytes) {
        settings(fault, names, afterBytes).forEach(conf::set);
        FAULTS.set(0);
        OPEN.set(0);
        LATE.set(0);
    }

    /** Sets a session back. */
    public static void off(RuntimeConfig conf) {
        settings(Fault.BREAK, "", 0).keySet().forEach(conf::unset);
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        FSDataInputStream in = super.open(path, bufferSize);
        Configuration conf = getConf();
        if (!path.getName().matches(conf.get(NAMES, ""))) {
            return in;
        }
        OPEN.incrementAndGet();
        return new FSDataInputStream(new Faulty(in, conf.getEnum(KIND, Fault.BREAK), conf.getLong(AFTER, 0)));
    }

    @Override
    public FutureDataInputStreamBuilder openFile(Path path) {
        return createDataInputStreamBuilder(this, path);
    }

    @Override
    protected CompletableFuture<FSDataInputStream> openFileWithOptions(Path path, OpenFileParameters parameters)
            throws IOException {
        return CompletableFuture.completedFuture(open(path, parameters.getBufferSize()));
    }

    private static final class Faulty extends FilterInputStream implements Seekable, PositionedReadable {
        private final FSDataInputStream file;
        private final Fault fault;
        private long left;
        private boolean closed;

        Faulty(FSDataInputStream file, Fault fault, long after) {
            super(file);
            this.file = file;
            this.fault = fault;
            this.left = after;
        }

        /** How many bytes may be read now; makes the fault when none are left. */
        private int allowed(int wanted) throws IOException {
            TaskContext task = TaskContext.get();
            if (task == null || wanted == 0 || !strikes(task)) {
                return wanted;
            }
            if (task.isInterrupted()) {
                LATE.incrementAndGet();
            }
            if (left == 0) {
                FAULTS.incrementAndGet();
                switch (fault) {
                    case BREAK -> throw new IOException("the disk is gone, says the test");
                    case SLEEP -> sleepUntilKilled(task);
                    default -> hang();
                }
            }
            return (int) Math.min(left, wanted);
        }

        private boolean strikes(TaskContext task) {
            return switch (fault) {
                case BREAK -> task.attemptNumber() == 0;
                case STALL -> task.attemptNumber() == 0 && task.partitionId() == 0;
                case HANG, SLEEP -> true;
            };
        }

        private void sleepUntilKilled(TaskContext task) {
            while (!task.isInterrupted()) {
                LockSupport.parkNanos(10_000_000);
            }
            left = Long.MAX_VALUE;
        }

        private static void hang() throws IOException {
            try {
                Thread.sleep(120_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new InterruptedIOException("interrupted while the disk hung, says the test");
        }

        private int count(int read) {
            left -= Math.max(0, read);
            return read;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return count(file.read(buffer, offset, allowed(length)));
        }

        @Override
        public int read(long position, byte[] buffer, int offset, int length) throws IOException {
            return count(file.read(position, buffer, offset, allowed(length)));
        }

        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
            int first = allowed(length);
            file.readFully(position, buffer, offset, first);
            count(first);
            if (first < length) {
                readFully(position + first, buffer, offset + first, length - first);
            }
        }

        @Override
        public void readFully(long position, byte[] buffer) throws IOException {
            readFully(position, buffer, 0, buffer.length);
        }

        @Override
        public void seek(long position) throws IOException {
            if (fault == Fault.BREAK) {
                allowed(1);
            }
            file.seek(position);
        }

        @Override
        public long getPos() throws IOException {
            return file.getPos();
        }

        @Override
        public boolean seekToNewSource(long target) throws IOException {
            return file.seekToNewSource(target);
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                OPEN.decrementAndGet();
            }
            file.close();
        }
    }
}
