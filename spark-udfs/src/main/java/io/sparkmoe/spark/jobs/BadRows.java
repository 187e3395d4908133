package io.sparkmoe.spark.jobs;

/** What becomes of records that cannot be used. */
enum BadRows {
    /** The command fails at the first, naming file, record and position. */
    fail,
    /** They are written to the folder quarantine beside the result, and the exit code is 3. */
    quarantine
}
