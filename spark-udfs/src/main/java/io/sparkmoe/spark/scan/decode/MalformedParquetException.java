package io.sparkmoe.spark.scan.decode;

/** A Parquet page whose ids cannot be read: names file, column, row group and page. */
public final class MalformedParquetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param rowGroup ordinal of the row group in the file, from 0
     * @param page ordinal of the page in the column chunk, from 0, the dictionary included
     */
    MalformedParquetException(String file, String column, int rowGroup, int page, String problem, Throwable cause) {
        super(
                file + ", column " + column + ", row group " + rowGroup + ", page " + page + ": " + problem
                        + ". The file is damaged or was cut; write it anew, or read it by Spark alone with"
                        + " spark.moe.scan = spark.",
                cause);
    }
}
