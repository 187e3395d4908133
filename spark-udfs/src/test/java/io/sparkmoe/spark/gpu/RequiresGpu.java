package io.sparkmoe.spark.gpu;

import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips with the reason where CUDA cannot be used, and fails there instead with {@code -Dgpu.required=true}. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresGpu.Condition.class)
public @interface RequiresGpu {
    /** Decides it. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            try {
                return ConditionEvaluationResult.enabled(
                        CudaDriver.load().devices().get(0).toString());
            } catch (CudaUnavailableException e) {
                if (Boolean.getBoolean("gpu.required")) {
                    throw new IllegalStateException("gpu.required=true, but " + e.getMessage(), e);
                }
                return ConditionEvaluationResult.disabled(e.getMessage());
            }
        }
    }
}
