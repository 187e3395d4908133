package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.specialize.VocabularyOptions;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spark-moe specialization}: which experts serve which domains, and how far token ids choose their experts. */
@Command(
        name = "specialization",
        description = {
            "Says which experts serve which domains, and how far a token id alone decides its expert.",
            "",
            "In the output folder: tables/specialization (domain, layer, expert: count, its share of the expert's ids, its",
            "share of the domain's tokens; k / E where routing knows no domains), tables/vocabulary (a layer's mean share of a",
            "token id's occurrences that choose its most frequent expert first), tables/audit, summary.json, report.html.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nWhat it needs:%n",
        footer = {
            "  domain      a column or attribute that names the domain (--domain-column); without one, the folder of each file.",
            "  vocabulary  token ids, and slots ordered by score (slot_order = score_desc) or weights: nothing else tells which",
            "              expert a token chose first. Where they lack the figure is NULL, with the reason.",
            "",
            "Token ids are text: tables/vocabulary_tokens is written with --include-text only.",
            "",
            "Examples:",
            "  spark-moe specialization --demo",
            "  spark-moe specialization --input traces/ --domain-column language --by domain",
            "  spark-moe specialization --input actives/ --recorder flame --by vocabulary --output words/"
        })
public final class SpecializationCommand extends TraceVerb {
    /** The ways to specialise. */
    enum By {
        domain,
        vocabulary
    }

    @Option(
            names = "--by",
            paramLabel = "WHAT,...",
            split = ",",
            defaultValue = "domain,vocabulary",
            description = "domain, vocabulary, or both. Default: ${DEFAULT-VALUE}.")
    private List<By> by = List.of();

    @Option(
            names = "--domain-column",
            paramLabel = "NAME",
            description =
                    "Column or attribute that names a row's domain. Default: domain where rows have it, else the folder "
                            + "of the file.")
    private @Nullable String domainColumn;

    @Option(
            names = "--minimum",
            paramLabel = "N",
            defaultValue = "10",
            converter = PositiveInt.class,
            description = "Token ids seen less often at a layer are left out, and counted. Default: ${DEFAULT-VALUE}.")
    private Integer minimum = 10;

    @Option(names = "--include-text", description = "Also writes tables/vocabulary_tokens, a row a layer and token id.")
    private boolean includeText;

    @Override
    Analysis analyse(SparkSession spark, Progress progress) {
        if (by.contains(By.vocabulary)) {
            input.withTokenIds();
        }
        UsableTrace trace = rows.unordered(spark, input, null, sourceNames(), progress);
        Analysis found = new Analysis(List.of(trace), names());
        if (by.contains(By.domain)) {
            new DomainReport(trace, found).add(domainColumn, progress);
        }
        if (by.contains(By.vocabulary)) {
            VocabularyOptions options =
                    new VocabularyOptions(trace.numExperts(), trace.topk(), minimum, VocabularyOptions.DEFAULT_CELLS);
            new VocabularyReport(trace, found).add(options, includeText, progress);
        }
        return found;
    }
}
