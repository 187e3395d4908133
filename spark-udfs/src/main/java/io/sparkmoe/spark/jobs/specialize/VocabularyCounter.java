package io.sparkmoe.spark.jobs.specialize;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import io.sparkmoe.spark.jobs.rows.TokenIds;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Counts the first choices of one partition and hands out blocks of cells (layer, block, cells): when its table is full, and
 * at the end. So a task's memory does not grow with the vocabulary, experts or layers.
 */
final class VocabularyCounter implements Iterator<Row> {
    private final Iterator<InternalRow> rows;
    private final VocabularyRow reader;
    private final CellTable table;
    private final CellBlock bytes = new CellBlock();
    private final Map<Integer, long[]> pairs = new TreeMap<>();
    private final Deque<Row> out = new ArrayDeque<>();
    private boolean ended;

    VocabularyCounter(Iterator<InternalRow> rows, VocabularyOptions options, IdColumn column) {
        this.rows = rows;
        this.reader = new VocabularyRow(options, column);
        this.table = new CellTable(options.cells());
    }

    @Override
    public boolean hasNext() {
        while (out.isEmpty() && !ended) {
            if (rows.hasNext()) {
                row(rows.next());
            } else {
                emit();
                pairs.forEach(this::emitPairs);
                ended = true;
            }
        }
        return !out.isEmpty();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return out.remove();
    }

    private void row(InternalRow row) {
        int layer = row.getInt(0);
        reader.read(row);
        long[] found = pairs.computeIfAbsent(layer, l -> new long[VocabularyTotals.PAIRS]);
        for (int t = 0; t < reader.tokens(); t++) {
            int tokenId = reader.tokenId(t);
            if (tokenId == TokenIds.UNKNOWN) {
                found[VocabularyTotals.WITHOUT_TOKEN_ID]++;
                continue;
            }
            int expert = reader.expert(t);
            if (expert < 0) {
                found[expert == -1 ? VocabularyTotals.MASKED : VocabularyTotals.UNORDERED]++;
                continue;
            }
            found[VocabularyTotals.COUNTED]++;
            if (!table.add(CellTable.key(layer, tokenId, expert))) {
                emit();
            }
        }
    }

    /** Empties the table, a row a layer and 256 token ids. */
    private void emit() {
        long[] keys = table.sortedKeys();
        for (int i = 0; i < keys.length; i++) {
            long key = keys[i];
            bytes.cell(CellTable.tokenId(key), CellTable.expert(key), table.count(key));
            if (i + 1 == keys.length || !sameBlock(key, keys[i + 1])) {
                out.add(RowFactory.create(CellTable.layer(key), CellBlock.block(CellTable.tokenId(key)), bytes.take()));
            }
        }
        table.clear();
    }

    private static boolean sameBlock(long a, long b) {
        return CellTable.layer(a) == CellTable.layer(b)
                && CellBlock.block(CellTable.tokenId(a)) == CellBlock.block(CellTable.tokenId(b));
    }

    private void emitPairs(int layer, long[] found) {
        for (long n : found) {
            bytes.number(n);
        }
        out.add(RowFactory.create(layer, CellBlock.PAIRS, bytes.take()));
    }
}
