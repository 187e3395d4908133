package io.sparkmoe.spark.jobs.passes;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Groups pass sizes so that all sizes of a family divide its largest: one shuffle then serves them all. */
public final class PassFamilies {
    private PassFamilies() {}

    /** The families, each descending; every size is in exactly one. */
    public static List<List<Integer>> of(List<Integer> sizes) {
        List<List<Integer>> families = new ArrayList<>();
        for (int n : sizes.stream().sorted(Comparator.reverseOrder()).toList()) {
            families.stream()
                    .filter(f -> f.get(0) % n == 0)
                    .findFirst()
                    .orElseGet(() -> {
                        List<Integer> family = new ArrayList<>();
                        families.add(family);
                        return family;
                    })
                    .add(n);
        }
        return families;
    }
}
