package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;

/** A page's ids as int32, each looked at: there is no dictionary that tells their range. */
final class PlainReader implements IdReader {
    private final IdColumn column;
    private byte[] page = {};
    private int next;
    private int end;
    private int most;

    PlainReader(IdColumn column) {
        this.column = column;
    }

    void reset(byte[] bytes, int from, int to) {
        page = bytes;
        next = from;
        end = to;
        most = 0;
    }

    @Override
    public IdType type(int count, boolean nulls) {
        if (4L * count > end - next) {
            throw new PageException(count + " more plain ids of 4 bytes in " + (end - next)
                    + " bytes; the page has fewer than it says");
        }
        int least = 0;
        int largest = most;
        for (int i = 0; i < count; i++) {
            int id = column.narrowed(PageBytes.getInt(page, next + 4 * i));
            least = Math.min(least, id);
            largest = Math.max(largest, id);
        }
        most = largest;
        return IdTypes.fitting(least, most, nulls);
    }

    @Override
    public int largest() {
        return most;
    }

    @Override
    public void read(int count, IdType type, long to) {
        for (int i = 0; i < count; i++) {
            Ids.put(type, to, i, column.narrowed(PageBytes.getInt(page, next + 4 * i)));
        }
        next += 4 * count;
    }
}
