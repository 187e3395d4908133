package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.routing.RoutingBatch;

/**
 * A batch and its keys on the device: the first parameters of most kernels (params.cuh).
 *
 * @param table address of the plan's keys, or 0
 * @param keyValue address of int32 [bins], or 0
 */
record DeviceKeys(DeviceBatch batch, KeyPlan plan, long table, long keyValue) {
    static DeviceKeys upload(Lane lane, RoutingBatch part, KeyPlan plan) {
        short[] table = plan.keys();
        int[] values = plan.keyValue();
        return new DeviceKeys(
                lane.upload(part),
                plan,
                table == null ? 0 : lane.upload(table),
                values == null ? 0 : lane.upload(values, values.length));
    }

    /** Starts a launch with the parameters ids, id_type, num_experts, bins, first, table, offsets. */
    KernelArguments arguments(Lane lane) {
        return lane.arguments()
                .address(batch.ids())
                .i32(batch.type())
                .i32(plan.numExperts())
                .i32(plan.bins())
                .i32(plan.first())
                .address(table)
                .address(batch.offsets());
    }
}
