package io.sparkmoe.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.junit.jupiter.api.Test;

/** A Spark that differs inside turns the batch nodes off for the session; planning goes on. */
class PlanningGuardTest {
    @Test
    void aLinkageErrorDisablesEveryRuleOfTheSession() {
        PlanningGuard guard = new PlanningGuard();
        AtomicInteger calls = new AtomicInteger();
        Rule<LogicalPlan> breaks = guard.rule(plan -> {
            calls.incrementAndGet();
            throw new NoSuchMethodError("a method of another Spark");
        });
        Rule<LogicalPlan> other = guard.rule(plan -> {
            calls.incrementAndGet();
            return plan;
        });
        LogicalPlan plan = new OneRowRelation();
        assertThat(other.apply(plan)).isSameAs(plan);
        assertThat(breaks.apply(plan)).isSameAs(plan);
        assertThat(guard.broken()).isTrue();
        assertThat(breaks.apply(plan)).isSameAs(plan);
        assertThat(other.apply(plan)).isSameAs(plan);
        assertThat(calls).hasValue(2);
    }
}
