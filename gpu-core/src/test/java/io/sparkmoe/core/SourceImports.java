package io.sparkmoe.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What Java sources reach for: their import lines, and names of the project written out in full in the code (which
 * would get around a rule that looks at imports alone).
 */
final class SourceImports {
    private static final Pattern PACKAGE = Pattern.compile("^package ([\\w.]+);");
    private static final Pattern IMPORT = Pattern.compile("^import (?:static )?([\\w.]+?)(?:\\.\\*)?;");
    private static final Pattern WRITTEN_OUT =
            Pattern.compile("\\b((?:io\\.sparkmoe|jcuda|org\\.apache\\.spark)\\.[\\w.]+)");

    /** One name that a class reaches for. */
    record Import(String importer, String imported) {
        boolean isIn(String packageName) {
            return imported.equals(packageName) || imported.startsWith(packageName + ".");
        }

        boolean importerIn(String packageName) {
            return importer.startsWith(packageName + ".");
        }

        boolean isJdk() {
            return isIn("java") || isIn("javax");
        }
    }

    private final Set<String> packages = new TreeSet<>();
    private final List<Import> imports = new ArrayList<>();

    private SourceImports() {}

    /** Reads every Java source below a folder, relative to the module. */
    static SourceImports under(Path folder) {
        SourceImports out = new SourceImports();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(f -> f.toString().endsWith(".java")).forEach(out::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out;
    }

    private void read(Path file) {
        try {
            String type = file.getFileName().toString().replace(".java", "");
            String importer = type;
            for (String line : Files.readAllLines(file)) {
                Matcher p = PACKAGE.matcher(line);
                if (p.find()) {
                    packages.add(p.group(1));
                    importer = p.group(1) + "." + type;
                } else {
                    readLine(importer, line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readLine(String importer, String line) {
        Matcher i = IMPORT.matcher(line);
        if (i.find()) {
            imports.add(new Import(importer, i.group(1)));
            return;
        }
        String code = line.strip();
        boolean comment = code.startsWith("*") || code.startsWith("//") || code.startsWith("/*");
        Matcher full = WRITTEN_OUT.matcher(code);
        while (!comment && full.find()) {
            imports.add(new Import(importer, full.group(1)));
        }
    }

    Set<String> packages() {
        return packages;
    }

    List<Import> all() {
        return imports;
    }

    /** Imports of one package and the packages below it. */
    List<Import> of(String packageName) {
        return imports.stream().filter(i -> i.importerIn(packageName)).toList();
    }
}
