package io.sparkmoe.spark.scan.decode;

/** A page that is not what Parquet allows; where it lies is added by whoever knows. */
final class PageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PageException(String message) {
        super(message);
    }

    PageException(String message, Throwable cause) {
        super(message, cause);
    }
}
