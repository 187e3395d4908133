package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which two routings are compared, and by what their sequences are known. */
public final class PairOptions {
    @Option(
            names = "--left",
            paramLabel = "URI",
            arity = "1..*",
            description = "The one routing: files, folders or globs. Each side is read by what its files' names say.")
    private List<String> left = new ArrayList<>();

    @Option(names = "--right", paramLabel = "URI", arity = "1..*", description = "The other routing.")
    private List<String> right = new ArrayList<>();

    @Option(
            names = "--compare",
            paramLabel = "NAME",
            arity = "3..*",
            description = "Instead of --left and --right, two parts of --input: a column (such as checkpoint) or an "
                    + "attribute, and its two values. Of more values, each is compared with the last.")
    private List<String> compare = new ArrayList<>();

    @Option(
            names = "--left-key",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "request_id,choice",
            description = "Columns or attributes that name a sequence on the left. Default: ${DEFAULT-VALUE}.")
    private List<String> leftKey = new ArrayList<>();

    @Option(
            names = "--right-key",
            paramLabel = "NAME,...",
            split = ",",
            description = "The same on the right, in the same order. Default: the left's.")
    private List<String> rightKey = new ArrayList<>();

    /** Checks the options of a verb. */
    void check(Verb verb, InputOptions input) {
        boolean sides = !left.isEmpty() || !right.isEmpty();
        if (sides && (left.isEmpty() || right.isEmpty())) {
            throw verb.usage((left.isEmpty() ? "--left" : "--right") + " is missing: give both sides");
        }
        if (sides && !(input.input().isEmpty() && compare.isEmpty())) {
            throw verb.usage("--left and --right bring their own input: leave --input and --compare out");
        }
        if (!compare.isEmpty() && input.input().isEmpty()) {
            throw verb.usage("--compare needs --input, the recording that holds what is compared");
        }
        if (rightKey().size() != leftKey.size()) {
            throw verb.usage("--left-key has " + leftKey.size() + " names, --right-key "
                    + rightKey().size() + ": they are matched one by one");
        }
    }

    /** Whether two inputs were given. */
    boolean sides() {
        return !left.isEmpty();
    }

    /** Whether two parts of one input were asked for. */
    boolean parts() {
        return !compare.isEmpty();
    }

    List<String> left() {
        return left;
    }

    List<String> right() {
        return right;
    }

    /** The column or attribute whose values are compared. */
    String column() {
        return compare.get(0);
    }

    /** The values; each is compared with the last. */
    List<String> values() {
        return compare.subList(1, compare.size());
    }

    List<String> leftKey() {
        return leftKey;
    }

    List<String> rightKey() {
        return rightKey.isEmpty() ? leftKey : rightKey;
    }
}
