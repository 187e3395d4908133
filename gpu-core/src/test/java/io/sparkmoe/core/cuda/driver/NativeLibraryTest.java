package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no binding for Windows")
class NativeLibraryTest {
    private static final FileTime OLD = FileTime.fromMillis(1_000_000);

    @TempDir
    private Path folder;

    private Path target;
    private byte[] whole;

    @BeforeEach
    void readTheBundledLibrary() throws IOException {
        target = folder.resolve(NativeLibrary.FILE);
        whole = NativeLibrary.class
                .getResourceAsStream("/lib/" + NativeLibrary.FILE)
                .readAllBytes();
    }

    private void assertPlaced() throws IOException {
        assertThat(target)
                .isRegularFile()
                .satisfies(file -> assertThat(Arrays.equals(Files.readAllBytes(file), whole))
                        .isTrue());
        assertThat(Files.isSymbolicLink(target)).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target, LinkOption.NOFOLLOW_LINKS)))
                .isEqualTo("rwx------");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.filter(
                            f -> f.toString().endsWith(".part") || f.toString().endsWith(".owner")))
                    .isEmpty();
        }
    }

    @Test
    void isWrittenOnceAndThenLeft() throws Exception {
        NativeLibrary.place(folder);
        assertPlaced();
        Files.setLastModifiedTime(target, OLD);
        NativeLibrary.place(folder);
        assertPlaced();
        assertThat(Files.getLastModifiedTime(target)).isEqualTo(OLD);
    }

    @Test
    void halfALibraryIsReplaced() throws Exception {
        Files.write(target, Arrays.copyOf(whole, whole.length / 2));
        NativeLibrary.place(folder);
        assertPlaced();
    }

    @Test
    void otherBytesOfTheSameLengthAreReplaced() throws Exception {
        byte[] other = whole.clone();
        other[other.length - 1] ^= 1;
        Files.write(target, other);
        NativeLibrary.place(folder);
        assertPlaced();
    }

    @Test
    void aLibraryThatOthersMayWriteIsReplaced() throws Exception {
        Files.write(target, whole);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxrwxrwx"));
        NativeLibrary.place(folder);
        assertPlaced();
    }

    @Test
    void aLinkIsReplacedAndNotFollowed() throws Exception {
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "other");
        Files.createSymbolicLink(target, elsewhere);
        NativeLibrary.place(folder);
        assertPlaced();
        assertThat(elsewhere).hasContent("other");
    }

    @Test
    void whatCannotBeReplacedIsAReason() throws IOException {
        Files.createDirectories(target.resolve("in the way"));
        assertThatThrownBy(() -> NativeLibrary.place(folder))
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageStartingWith("the CUDA binding cannot be put at " + target);
    }
}
