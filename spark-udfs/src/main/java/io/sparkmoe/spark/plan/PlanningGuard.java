package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.MoeConf;
import java.util.function.UnaryOperator;
import org.apache.spark.package$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's planning rules behind one switch. Vendors' Sparks differ inside: a LinkageError while planning turns the
 * batch nodes off for the session, is logged once, and the functions go on row by row.
 */
public final class PlanningGuard {
    private static final Logger LOG = LoggerFactory.getLogger(PlanningGuard.class);

    private volatile boolean broken;
    private volatile boolean linked;

    /** A rule that does nothing where planning is off. */
    public Rule<LogicalPlan> rule(UnaryOperator<LogicalPlan> body) {
        return new Rule<>() {
            @Override
            public LogicalPlan apply(LogicalPlan plan) {
                boolean enabled = MoeConf.enabled((key, fallback) -> conf().getConfString(key, fallback));
                return enabled && !broken ? guarded(body, plan) : plan;
            }
        };
    }

    /** Whether a LinkageError has turned planning off. */
    boolean broken() {
        return broken;
    }

    /**
     * Links the physical nodes before a rule first makes their logical ones: what cannot be linked must not be planned,
     * and the strategy has no way back.
     */
    private void linkNodes() {
        if (!linked) {
            for (Class<?> node : new Class<?>[] {ArrowBatchEvalExec.class, MoePartialAggregateExec.class}) {
                if (node.getDeclaredConstructors().length == 0 || node.getMethods().length == 0) {
                    throw new NoClassDefFoundError(node.getName());
                }
            }
            linked = true;
        }
    }

    private LogicalPlan guarded(UnaryOperator<LogicalPlan> body, LogicalPlan plan) {
        try {
            linkNodes();
            return body.apply(plan);
        } catch (LinkageError e) {
            broken = true;
            LOG.warn(
                    "Spark {} differs inside from the versions that Spark MoE was tested on; its functions answer row by row "
                            + "in this session (same results, slower)",
                    package$.MODULE$.SPARK_VERSION(),
                    e);
            return plan;
        }
    }
}
