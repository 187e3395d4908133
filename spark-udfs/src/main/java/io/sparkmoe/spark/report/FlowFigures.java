package io.sparkmoe.spark.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Transitions of one pair of layers in figures. What loads alone let expect of a cell is its row's sum times its column's
 * over the sum of all.
 *
 * @param count transitions of all cells
 * @param excessShare share of the transitions that would have to go elsewhere to be what loads alone let expect: the sum
 *     of what cells have above that, over the count
 * @param links the cells that have most above it, falling, at most {@value #LINKS}
 */
record FlowFigures(int fromLayer, int toLayer, long count, double excessShare, List<Link> links) {
    static final int LINKS = 40;

    private static final Comparator<Link> MOST_FIRST = Comparator.comparingDouble(Link::excess)
            .reversed()
            .thenComparingInt(Link::fromExpert)
            .thenComparingInt(Link::toExpert);

    /**
     * One cell.
     *
     * @param ofRow transitions that leave the first expert
     * @param ofColumn transitions that reach the second
     * @param expected transitions that loads alone let expect
     */
    record Link(int fromExpert, int toExpert, long count, long ofRow, long ofColumn, double expected) {
        double excess() {
            return count - expected;
        }

        double shareOfRow() {
            return (double) count / ofRow;
        }

        double timesExpected() {
            return count / expected;
        }
    }

    static FlowFigures of(AnalysisModel.Transition transition, int experts) {
        long[] counts = transition.counts();
        if (counts.length != (long) experts * experts) {
            throw new IllegalArgumentException("transitions from layer " + transition.fromLayer() + " to "
                    + transition.toLayer() + " have " + counts.length + " counts, expected " + experts + " * " + experts
                    + " of the model's experts");
        }
        long[] rows = new long[experts];
        long[] columns = new long[experts];
        long all = 0;
        for (int i = 0; i < experts; i++) {
            for (int j = 0; j < experts; j++) {
                rows[i] += counts[i * experts + j];
                columns[j] += counts[i * experts + j];
            }
            all += rows[i];
        }
        PriorityQueue<Link> links = new PriorityQueue<>(MOST_FIRST.reversed());
        double excess = offerAll(counts, rows, columns, all, links);
        List<Link> sorted = new ArrayList<>(links);
        sorted.sort(MOST_FIRST);
        return new FlowFigures(
                transition.fromLayer(), transition.toLayer(), all, all == 0 ? 0 : excess / all, List.copyOf(sorted));
    }

    /** Keeps the cells that have most above what loads let expect; returns what all have above it. */
    private static double offerAll(long[] counts, long[] rows, long[] columns, long all, PriorityQueue<Link> links) {
        double excess = 0;
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                long count = counts[i * columns.length + j];
                double above = count - (double) rows[i] / all * columns[j];
                if (above > 0) {
                    excess += above;
                    Link weakest = links.size() < LINKS ? null : links.peek();
                    if (weakest == null || above > weakest.excess()) {
                        offer(link(count, i, j, rows[i], columns[j], all), links);
                    }
                }
            }
        }
        return excess;
    }

    private static Link link(long count, int i, int j, long row, long column, long all) {
        return new Link(i, j, count, row, column, (double) row / all * column);
    }

    private static void offer(Link link, PriorityQueue<Link> links) {
        links.add(link);
        if (links.size() > LINKS) {
            links.remove();
        }
    }
}
