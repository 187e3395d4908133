package io.sparkmoe.core.cuda;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * From .cu files to the PTX that is committed. Maven runs this file as a program before resources are copied: with nvcc
 * it compiles into target/ptx what changed, and with {@code -Dptx.write=true} it replaces the committed files. Tests
 * use its hash. Needs nothing but the JDK.
 */
public final class PtxBuild {
    static final String COMMAND = "mvn -q -pl gpu-core process-resources -Dptx.write=true";

    /** What CUDA 12.0, the oldest driver served, reads; nvcc writes its own version whatever the code uses. */
    static final String PTX_VERSION = "8.0";

    private static final List<Integer> CONFIRMED = List.of(75, 80, 90, 100);
    private static final String RESOURCES = "resources/io/sparkmoe/core/cuda/ptx";
    private static final Pattern INCLUDE = Pattern.compile("^\\s*#\\s*include\\s+\"([^\"]+)\"", Pattern.MULTILINE);
    private static final Pattern VERSION = Pattern.compile("^\\.version .*$", Pattern.MULTILINE);
    private static final Pattern RELEASE = Pattern.compile("\\bV(\\d+\\.\\d+\\.\\d+)");

    private final Path module;

    PtxBuild(Path module) {
        this.module = module;
    }

    /** One kernel file and the resource made from it. */
    record Kernel(Path source, Path resource, Path built) {
        int arch() {
            return source.toString().endsWith("_sm90.cu") ? 90 : 75;
        }

        String flags() {
            return "-std=c++17 -O3 -ptx -arch=compute_" + arch();
        }

        @Override
        public String toString() {
            return source.getFileName().toString();
        }
    }

    /** The module's kernels and those of its tests. */
    List<Kernel> kernels() {
        return Stream.of(Path.of("src/main/cuda"), Path.of("src/test/cuda/kernels"))
                .flatMap(folder -> kernels(folder).stream())
                .toList();
    }

    private List<Kernel> kernels(Path folder) {
        Path resources = module.resolve(folder.subpath(0, 2)).resolve(RESOURCES);
        return list(module.resolve(folder), ".cu")
                .map(source -> {
                    String file = source.getFileName().toString().replace(".cu", ".ptx");
                    return new Kernel(
                            source,
                            resources.resolve(file + ".gz"),
                            module.resolve("target/ptx").resolve(file));
                })
                .toList();
    }

    /** Committed PTX that no kernel file stands behind. */
    List<Path> orphans() {
        List<Path> wanted = kernels().stream().map(Kernel::resource).toList();
        return Stream.of("src/main", "src/test")
                .flatMap(tree -> list(module.resolve(tree).resolve(RESOURCES), ".ptx.gz"))
                .filter(file -> !wanted.contains(file))
                .toList();
    }

    private static Stream<Path> list(Path folder, String suffix) {
        if (!Files.isDirectory(folder)) {
            return Stream.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(suffix)).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SHA-256 over the flags, the source and every file it includes in quotes, line ends as in Unix. */
    String hash(Kernel kernel) throws IOException {
        Map<Path, String> texts = new LinkedHashMap<>();
        collect(kernel.source(), texts);
        MessageDigest sha = sha256();
        sha.update((kernel.flags() + " " + PTX_VERSION + "\n").getBytes(StandardCharsets.UTF_8));
        texts.values().forEach(text -> sha.update(text.getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(sha.digest());
    }

    private void collect(Path file, Map<Path, String> texts) throws IOException {
        if (texts.containsKey(file)) {
            return;
        }
        String text = Files.readString(file).replace("\r\n", "\n");
        texts.put(file, text);
        Matcher include = INCLUDE.matcher(text);
        while (include.find()) {
            collect(resolve(file, include.group(1)), texts);
        }
    }

    private Path resolve(Path from, String include) {
        return Stream.concat(Stream.of(Objects.requireNonNull(from.getParent())), includeFolders().stream())
                .map(folder -> folder.resolve(include).normalize())
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException(from + " includes \"" + include + "\", which is not there"));
    }

    private List<Path> includeFolders() {
        return List.of(module.resolve("src/main/cuda"), module.resolve("src/main/cuda/include"));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first line of a PTX file: what it was made from, and with what. */
    String header(Kernel kernel, String release) throws IOException {
        return hashLine(kernel) + ", nvcc " + release + " " + kernel.flags() + ", read from PTX ISA " + PTX_VERSION
                + " on";
    }

    String hashLine(Kernel kernel) throws IOException {
        return "// sha-256 of source, includes and flags: " + hash(kernel);
    }

    /** The compiler's text without what differs between folders, comments and indents, at the lower version. */
    static String normalise(String ptx) {
        String lower = VERSION.matcher(ptx).replaceFirst(".version " + PTX_VERSION);
        String code = lower.lines()
                .map(line -> line.replaceFirst("//.*$", "").strip())
                .filter(line -> !line.isEmpty() && !line.startsWith(".loc ") && !line.startsWith(".file "))
                .map(line -> line.replaceAll("(?<kind>_INTERNAL_|_GLOBAL__N__)[0-9a-f]{8}_", "${kind}00000000_"))
                .collect(Collectors.joining("\n", "", "\n"));
        return withoutUnused(code);
    }

    /** CUDA's C++ library declares a few dozen byte-sized globals that no kernel refers to. */
    private static String withoutUnused(String code) {
        Pattern global = Pattern.compile("^\\.global \\.align 1 \\.b8 (\\w+)\\[1\\];\n", Pattern.MULTILINE);
        String out = code;
        for (String name : global.matcher(code).results().map(m -> m.group(1)).toList()) {
            boolean used = out.indexOf(name) != out.lastIndexOf(name);
            out = used ? out : out.replaceFirst("\\.global \\.align 1 \\.b8 " + name + "\\[1\\];\n", "");
        }
        return out;
    }

    private static Optional<Path> nvcc() {
        String path = System.getenv().getOrDefault("PATH", "");
        String home = System.getenv("CUDA_HOME");
        Stream<Path> known =
                Stream.of(home, "/usr/local/cuda").filter(Objects::nonNull).map(h -> Path.of(h, "bin"));
        return Stream.concat(Stream.of(path.split(File.pathSeparator)).map(Path::of), known)
                .map(folder -> folder.resolve("nvcc"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed:\n" + output);
        }
        return output;
    }

    private void compile(Kernel kernel, Path nvcc, String header) throws IOException, InterruptedException {
        Path raw = kernel.built().resolveSibling(kernel + ".raw.ptx");
        List<String> command = Stream.concat(
                        Stream.of(nvcc.toString()), Stream.of(kernel.flags().split(" ")))
                .collect(Collectors.toList());
        includeFolders().forEach(folder -> command.addAll(List.of("-I", folder.toString())));
        command.addAll(List.of("-o", raw.toString(), kernel.source().toString()));
        System.out.print(run(command));
        Files.writeString(raw, header + "\n" + normalise(Files.readString(raw)));
        Files.move(raw, kernel.built(), StandardCopyOption.REPLACE_EXISTING);
        System.out.println("compiled " + kernel + ": " + Files.size(kernel.built()) + " bytes of PTX");
    }

    /** The lowered text has to assemble for old and new GPUs. */
    private static void confirm(Kernel kernel, Path nvcc, Path ptx) throws IOException, InterruptedException {
        Path ptxas = nvcc.toRealPath().resolveSibling("ptxas");
        if (!Files.isExecutable(ptxas)) {
            System.out.println("no ptxas beside nvcc: " + kernel + " is not confirmed");
            return;
        }
        String known = run(List.of(nvcc.toString(), "--list-gpu-code"));
        for (int arch : CONFIRMED) {
            if (arch >= kernel.arch() && known.contains("sm_" + arch)) {
                run(List.of(ptxas.toString(), "-arch=sm_" + arch, "-o", "/dev/null", ptx.toString()));
            }
        }
    }

    private void build(boolean write) throws IOException, InterruptedException {
        Optional<Path> nvcc = nvcc();
        if (nvcc.isEmpty()) {
            String where = "no nvcc in PATH, CUDA_HOME or /usr/local/cuda";
            if (write) {
                throw new IllegalStateException(where + ": nothing to write PTX with");
            }
            System.out.println(where + ": the committed PTX is packaged as it is");
            return;
        }
        Matcher release = RELEASE.matcher(run(List.of(nvcc.get().toString(), "--version")));
        if (!release.find()) {
            throw new IllegalStateException(nvcc.get() + " does not say which release it is");
        }
        Files.createDirectories(module.resolve("target/ptx"));
        ExecutorService cores =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<CompletableFuture<Void>> builds = kernels().stream()
                .map(k -> CompletableFuture.runAsync(() -> build(k, nvcc.get(), release.group(1), write), cores))
                .toList();
        cores.shutdown();
        builds.forEach(CompletableFuture::join);
        for (Path orphan : write ? orphans() : List.<Path>of()) {
            Files.delete(orphan);
        }
    }

    private void build(Kernel kernel, Path nvcc, String release, boolean write) {
        try {
            compileAndWrite(kernel, nvcc, release, write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void compileAndWrite(Kernel kernel, Path nvcc, String release, boolean write)
            throws IOException, InterruptedException {
        String header = header(kernel, release);
        if (!firstLine(kernel.built()).equals(header)) {
            compile(kernel, nvcc, header);
        }
        if (write) {
            Files.createDirectories(Objects.requireNonNull(kernel.resource().getParent()));
            confirm(kernel, nvcc, kernel.built());
            compress(Files.readString(kernel.built()), kernel.resource());
        }
    }

    /** Kept compressed: unrolled kernels are a megabyte of text that shrinks to a sixth. */
    private static void compress(String text, Path file) throws IOException {
        if (Files.isRegularFile(file) && text(file).equals(text)) {
            return;
        }
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The text of a .ptx or .ptx.gz file, empty when there is none. */
    static String text(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return "";
        }
        if (!file.toString().endsWith(".gz")) {
            return Files.readString(file);
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static String firstLine(Path file) throws IOException {
        return text(file).lines().findFirst().orElse("");
    }

    /** Arguments: the module's folder, and {@code true} to replace the committed files. */
    public static void main(String[] args) throws Exception {
        try {
            new PtxBuild(Path.of(args[0])).build(Boolean.parseBoolean(args[1]));
        } catch (IllegalStateException | CompletionException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
