package io.sparkmoe.spark.trace;

/**
 * A trace, or the options to read it with, that cannot be used. The message names what, where (file, record, position),
 * the value seen, the allowed range and what to do.
 */
public final class TraceFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TraceFormatException(String message) {
        super(message);
    }

    public TraceFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
