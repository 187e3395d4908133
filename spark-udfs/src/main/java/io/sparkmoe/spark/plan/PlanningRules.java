package io.sparkmoe.spark.plan;

import org.apache.spark.sql.SparkSessionExtensions;

/** Where each rule hooks into planning. */
public final class PlanningRules {
    private PlanningRules() {}

    /**
     * Injects the rules: extraction when a plan is normalised (before Spark can copy an expression, so that a filter on a
     * result does not run the function twice) and, as a net for what Spark rewrites later, before the cost-based rules.
     */
    public static void inject(SparkSessionExtensions extensions) {
        PlanningGuard guard = new PlanningGuard();
        extensions.injectPlanNormalizationRule(session -> guard.rule(ExtractRule::apply));
        extensions.injectOptimizerRule(session -> guard.rule(PushRule::apply));
        extensions.injectPreCBORule(session -> guard.rule(AggregateRule::apply));
        extensions.injectPreCBORule(session -> guard.rule(ExtractRule::apply));
        extensions.injectPreCBORule(session -> guard.rule(ScanRule::apply));
        extensions.injectPlannerStrategy(session -> new MoeStrategy());
    }
}
