package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.rows.RowFacts;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The audit as part of another walk over a trace: it judges each row, and that walk counts the rows it admits. */
public final class AuditFeed {
    private final BlockWalk walk;

    /** The audit of one partition, whose rows come in block order. */
    public AuditFeed(int partition) {
        this.walk = new BlockWalk(partition);
    }

    /**
     * Takes a row.
     *
     * @param ids its ids, of which the first {@code n} count
     * @return whether analyses count the row
     */
    public boolean row(RowFacts row, int[] ids, int n) {
        return walk.row(row, ids, n);
    }

    /** Tokens of the row taken last with at least one id that is not masked. */
    public long knownTokens() {
        return walk.check().knownTokens;
    }

    /** How many ids of the row taken last its tokens had named before. */
    public int repeats() {
        return (int) walk.check().duplicates;
    }

    /** These ids; the first {@link #repeats} count. */
    public int[] repeated() {
        return walk.check().repeated;
    }

    /** What the partition holds, for {@link #result}. */
    public byte[] end() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(walk.end());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * The audit of all partitions.
     *
     * @param layers the MoE layers that every token block must have, or null to take all layers seen
     */
    public static AuditResult result(List<byte[]> partitions, @Nullable List<Integer> layers) {
        AuditPartial all = new AuditPartial();
        for (byte[] bytes : partitions) {
            all = all.plus(read(bytes));
        }
        StaleStretches.close(all);
        return new AuditResult(all, layers);
    }

    private static AuditPartial read(byte[] bytes) {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(java.io.ObjectStreamClass type) throws ClassNotFoundException {
                return Class.forName(type.getName(), false, AuditPartial.class.getClassLoader());
            }
        }) {
            return (AuditPartial) in.readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
