package io.sparkmoe.spark.functions;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSessionExtensions;

/** Every SQL function, by name: the one list that registration and documentation are made from. */
public final class FunctionCatalog {
    private static final Map<String, FunctionSpec> BY_NAME = byName();

    private FunctionCatalog() {}

    private static Map<String, FunctionSpec> byName() {
        Map<String, FunctionSpec> all = new LinkedHashMap<>();
        Stream.of(
                        IdFunctions.ALL,
                        TensorCatalog.ALL,
                        ScalarFunctions.ALL,
                        AggregateFunctions.ALL,
                        AnalysisFunctions.ALL)
                .flatMap(List::stream)
                .forEach(f -> all.put(f.name(), f));
        return all;
    }

    /** Every function, in the order of the documentation. */
    public static Collection<FunctionSpec> all() {
        return BY_NAME.values();
    }

    static FunctionSpec get(String name) {
        FunctionSpec spec = BY_NAME.get(name);
        if (spec == null) {
            throw new IllegalStateException("no function " + name);
        }
        return spec;
    }

    /** Registers every function with a session's extensions. */
    public static void inject(SparkSessionExtensions extensions) {
        all().forEach(f -> extensions.injectFunction(f.injection()));
    }
}
