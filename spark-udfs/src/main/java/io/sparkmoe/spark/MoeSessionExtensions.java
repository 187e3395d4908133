package io.sparkmoe.spark;

import io.sparkmoe.spark.functions.FunctionCatalog;
import io.sparkmoe.spark.plan.PlanningRules;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import scala.runtime.BoxedUnit;

/**
 * Adds the functions and planning rules to a session. Three ways lead here: the plugin, {@code spark.sql.extensions}, and
 * the jar on the class path (ServiceLoader); in every combination a session is served once.
 */
public final class MoeSessionExtensions implements SparkSessionExtensionsProvider {
    private static final Set<SparkSessionExtensions> SERVED = Collections.newSetFromMap(new WeakHashMap<>());

    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        synchronized (SERVED) {
            if (SERVED.add(extensions)) {
                FunctionCatalog.inject(extensions);
                PlanningRules.inject(extensions);
            }
        }
        return BoxedUnit.UNIT;
    }
}
