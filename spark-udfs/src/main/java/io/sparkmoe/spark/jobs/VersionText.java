package io.sparkmoe.spark.jobs;

import org.apache.spark.package$;
import picocli.CommandLine.IVersionProvider;

/** Versions of Spark MoE, Spark and Java. */
public final class VersionText implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "Spark MoE " + sparkMoe(), "Apache Spark " + spark(), "Java " + System.getProperty("java.version")
        };
    }

    /** The version in the jar's manifest; "development" when run from classes. */
    static String sparkMoe() {
        String version = VersionText.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    static String spark() {
        return package$.MODULE$.SPARK_VERSION();
    }
}
