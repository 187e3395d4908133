package io.sparkmoe.core.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * Puts JCuda's native library where JCuda will load it from: under its fixed name in {@code java.io.tmpdir}.
 *
 * <p>JCuda would write it there itself, in place: a JVM that starts meanwhile loads half a library and crashes. Here it is
 * written beside and renamed, which other JVMs see whole or not at all. What already lies there is used only if it
 * has the right bytes and nobody else can change it.
 */
final class NativeLibrary {
    static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";

    private static final Set<PosixFilePermission> OWNERS_ALONE = PosixFilePermissions.fromString("rwx------");
    private static final String CURE = "; set -Djava.io.tmpdir to a folder that this user alone can write";

    private NativeLibrary() {}

    /** @throws CudaUnavailableException on a platform that JCuda has no library for */
    static void checkPlatform(String osName, String osArch) throws CudaUnavailableException {
        String os = osName.toLowerCase(Locale.ROOT);
        String arch = osArch.toLowerCase(Locale.ROOT);
        if (!os.startsWith("linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
            throw new CudaUnavailableException(
                    "the CUDA binding is for Linux on x86-64, this is " + osName + " on " + osArch, null);
        }
    }

    /** @throws CudaUnavailableException when the library is not in the jar or cannot be put into the folder */
    static void place(Path folder) throws CudaUnavailableException {
        Path target = folder.resolve(FILE);
        try {
            byte[] library = bundled();
            if (!holds(target, library)) {
                write(target, library);
            }
        } catch (IOException e) {
            throw new CudaUnavailableException(
                    "the CUDA binding cannot be put at " + target + " (" + e + ")" + CURE, e);
        }
    }

    private static byte[] bundled() throws IOException, CudaUnavailableException {
        try (InputStream in = NativeLibrary.class.getResourceAsStream("/lib/" + FILE)) {
            if (in == null) {
                throw new CudaUnavailableException("the class path has no lib/" + FILE + " (jcuda-natives)", null);
            }
            return in.readAllBytes();
        }
    }

    /** Whether the file is there, whole, and safe from others. */
    private static boolean holds(Path target, byte[] library) throws IOException {
        return Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && trusted(target)
                && Files.size(target) == library.length
                && Arrays.equals(Files.readAllBytes(target), library);
    }

    private static boolean trusted(Path target) throws IOException {
        UserPrincipal owner = Files.getOwner(target, LinkOption.NOFOLLOW_LINKS);
        Set<PosixFilePermission> may = Files.getPosixFilePermissions(target, LinkOption.NOFOLLOW_LINKS);
        boolean ours = owner.getName().equals("root") || owner.equals(me(target.getParent()));
        return ours
                && !may.contains(PosixFilePermission.GROUP_WRITE)
                && !may.contains(PosixFilePermission.OTHERS_WRITE);
    }

    /** The user that this process writes as: user.name may say something else. */
    private static UserPrincipal me(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder, "spark-moe", ".owner");
        try {
            return Files.getOwner(probe);
        } finally {
            Files.delete(probe);
        }
    }

    private static void write(Path target, byte[] library) throws IOException {
        Path whole = Files.createTempFile(
                target.getParent(), FILE, ".part", PosixFilePermissions.asFileAttribute(OWNERS_ALONE));
        try {
            Files.write(whole, library);
            Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(whole);
        }
    }
}
