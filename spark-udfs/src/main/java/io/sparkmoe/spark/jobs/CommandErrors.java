package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.routing.MalformedRoutingException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.AnalysisException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Says on stderr what went wrong, in plain words; a stack trace only on request. */
public final class CommandErrors {
    private CommandErrors() {}

    /** A command line that was not understood: exit code 2. */
    public static int usage(ParameterException e, String[] args) {
        CommandLine line = e.getCommandLine();
        PrintWriter err = line.getErr();
        String name = line.getCommandSpec().qualifiedName();
        err.println(name + ": " + e.getMessage());
        err.println("'" + name + " --help' shows the options and examples.");
        return CommandLine.ExitCode.USAGE;
    }

    /** A command that failed: exit code 1. */
    public static int failure(Exception e, CommandLine line, ParseResult parsed) {
        PrintWriter err = line.getErr();
        String message = plain(e);
        err.println(line.getCommandSpec().qualifiedName() + ": " + message);
        if (message.contains("onBadRows = mark") && line.getCommandSpec().findOption("--on-bad-rows") != null) {
            err.println("On the command line --on-bad-rows quarantine does this.");
        }
        if (verbose(line)) {
            e.printStackTrace(err);
        } else if (!(e instanceof UserError)) {
            err.println("--verbose shows Spark's log and the stack trace.");
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static boolean verbose(CommandLine line) {
        return line.getCommandSpec().mixins().values().stream()
                .anyMatch(m -> m.userObject() instanceof CommonOptions c && c.verbose());
    }

    /** The message that helps: of our own errors where the chain has one, else of the deepest cause. */
    static String plain(Throwable e) {
        List<Throwable> chain = chain(e);
        for (Throwable t : chain) {
            if (t instanceof UserError
                    || t instanceof MalformedRoutingException
                    || t instanceof AnalysisException
                    || t.getClass().getName().startsWith("io.sparkmoe.")) {
                return t.getMessage();
            }
            if (t instanceof OutOfMemoryError) {
                return "out of memory (" + t.getMessage() + "). Give the driver more heap: SPARK_MOE_HEAP=8g spark-moe "
                        + "..., or spark-submit --driver-memory.";
            }
        }
        Throwable deepest = chain.get(chain.size() - 1);
        String message = deepest.getMessage();
        String name = deepest.getClass().getSimpleName();
        return message == null || message.isBlank() ? name : name + ": " + message;
    }

    private static List<Throwable> chain(Throwable e) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Throwable> chain = new ArrayList<>();
        for (Throwable t = e; t != null && seen.add(t); t = t.getCause()) {
            chain.add(t);
        }
        return chain;
    }
}
