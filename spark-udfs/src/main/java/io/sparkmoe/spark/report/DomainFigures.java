package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Domain;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Which experts serve which domains.
 *
 * @param domains names by falling tokens, all of them
 * @param tokens tokens of each domain, the most that any layer has
 * @param layers one entry a layer, ascending
 * @param strongest (domain, layer, expert) by falling share relative to all domains together, at most {@value #TOP}, of
 *     at least {@value #MIN_TOKENS} tokens and an equal share, k / E, of the domain's: what serves a domain has its load
 */
record DomainFigures(
        List<String> domains, Map<String, Long> tokens, List<DomainLayer> layers, List<Preference> strongest) {
    /** Domains with a row of their own in the page's map. */
    static final int MAX_DOMAINS = 16;

    static final int TOP = 15;
    static final int MIN_TOKENS = 10;

    private static final Comparator<Preference> STRONGEST_FIRST = Comparator.comparingDouble(
                    Preference::timesAllDomains)
            .reversed()
            .thenComparingInt(Preference::layer)
            .thenComparingInt(Preference::expert)
            .thenComparing(Preference::domain);

    /**
     * A domain's use of one expert.
     *
     * @param count tokens of the domain that name the expert
     * @param shareOfDomain of the domain's tokens
     * @param shareOfExpert of the tokens that name the expert
     * @param timesUniform shareOfDomain over k / E
     * @param timesAllDomains shareOfDomain over the share of all domains' tokens that name the expert
     */
    record Preference(
            String domain,
            int layer,
            int expert,
            long count,
            double shareOfDomain,
            double shareOfExpert,
            double timesUniform,
            double timesAllDomains) {}

    static DomainFigures of(ReportModel model) {
        Map<String, Long> tokens = new HashMap<>();
        TreeMap<Integer, DomainLayer> layers = new TreeMap<>();
        int experts = model.model().numExperts();
        for (Domain domain : model.analyses().domains()) {
            tokens.merge(domain.domain(), domain.tokens(), Math::max);
            layers.computeIfAbsent(domain.layer(), layer -> new DomainLayer(layer, experts))
                    .addTo(domain);
        }
        List<String> names = tokens.keySet().stream()
                .sorted(Comparator.<String>comparingLong(tokens::get).reversed().thenComparing(name -> name))
                .toList();
        List<String> shown = names.subList(0, Math.min(MAX_DOMAINS, names.size()));
        double even = (double) model.model().topk() / experts;
        PriorityQueue<Preference> strongest = new PriorityQueue<>(STRONGEST_FIRST.reversed());
        for (Domain domain : model.analyses().domains()) {
            DomainLayer layer = layers.get(domain.layer());
            if (layer.tokens() > 0 && domain.tokens() > 0) {
                layer.keep(domain, shown.indexOf(domain.domain()));
                offerAll(domain, layer, even, strongest);
            }
        }
        List<Preference> sorted = new ArrayList<>(strongest);
        sorted.sort(STRONGEST_FIRST);
        return new DomainFigures(
                names,
                tokens,
                layers.values().stream().filter(layer -> layer.tokens() > 0).toList(),
                List.copyOf(sorted));
    }

    private static void offerAll(Domain domain, DomainLayer layer, double even, PriorityQueue<Preference> strongest) {
        for (int e = 0; e < domain.counts().length; e++) {
            long count = domain.counts()[e];
            double share = (double) count / domain.tokens();
            double ofAll = (double) layer.count(e) / layer.tokens();
            Preference weakest = strongest.size() < TOP ? null : strongest.peek();
            if (count >= MIN_TOKENS
                    && share >= even
                    && (weakest == null || share / ofAll >= weakest.timesAllDomains())) {
                strongest.add(new Preference(
                        domain.domain(),
                        domain.layer(),
                        e,
                        count,
                        share,
                        (double) count / layer.count(e),
                        share / even,
                        share / ofAll));
                if (strongest.size() > TOP) {
                    strongest.remove();
                }
            }
        }
    }

    List<String> shown() {
        return domains.subList(0, Math.min(MAX_DOMAINS, domains.size()));
    }
}
