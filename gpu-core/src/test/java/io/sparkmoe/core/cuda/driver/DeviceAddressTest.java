package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CUDA orders devices by speed, resource managers by PCI address. */
class DeviceAddressTest {
    private static final CudaDevice FAST = device(0, "GPU-aaaaaaaa-0000-0000-0000-000000000001", "0000:C1:00.0");
    private static final CudaDevice SLOW = device(1, "GPU-bbbbbbbb-0000-0000-0000-000000000002", "0000:05:00.0");
    private static final List<CudaDevice> BOTH = List.of(FAST, SLOW);

    private static CudaDevice device(int ordinal, String uuid, String pciBusId) {
        return new CudaDevice(ordinal, "Test", uuid, pciBusId, 9, 0, 132, 1L << 30, 232_448);
    }

    private static CudaDevice find(String address, List<CudaDevice> devices, String... system) {
        return DeviceAddress.find(address, devices, List.of(system), null);
    }

    @Test
    void anIndexCountsInPciOrder() {
        assertThat(find("0", BOTH)).isSameAs(SLOW);
        assertThat(find(" 1 ", BOTH)).isSameAs(FAST);
    }

    @Test
    void anIndexCountsDevicesThatAreHiddenToo() {
        String[] system = {"0000:c1:00.0", "0000:05:00.0", "0000:0a:00.0"};
        assertThat(find("2", BOTH, system)).isSameAs(FAST);
        assertThat(find("2", List.of(FAST), system)).isSameAs(FAST);
        assertThatThrownBy(() -> find("1", BOTH, system)).hasMessageStartingWith("GPU address '1' is none of");
    }

    @Test
    void aListOfTheSystemThatMissesOursIsNotTrusted() {
        assertThat(find("1", BOTH, "0000:05:00.0")).isSameAs(FAST);
    }

    @Test
    void aDomainCountsBeforeTheBus() {
        CudaDevice far = device(0, "GPU-cccccccc-0000-0000-0000-000000000003", "00000001:01:00.0");
        assertThat(find("1", List.of(far, FAST))).isSameAs(far);
    }

    @Test
    void aUuidIsTakenWithOrWithoutItsPrefixInAnyCase() {
        assertThat(find("GPU-bbbbbbbb-0000-0000-0000-000000000002", BOTH)).isSameAs(SLOW);
        assertThat(find("BBBBBBBB-0000-0000-0000-000000000002", BOTH)).isSameAs(SLOW);
        assertThat(find("MIG-bbbbbbbb-0000-0000-0000-000000000002", BOTH)).isSameAs(SLOW);
    }

    @Test
    void aSliceThatThisProcessIsConfinedToIsItsOneDevice() {
        String slice = "MIG-dddddddd-0000-0000-0000-000000000004";
        assertThat(DeviceAddress.find(slice, List.of(FAST), List.of(), slice)).isSameAs(FAST);
        assertThatThrownBy(() -> DeviceAddress.find(slice, List.of(FAST), List.of(), null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DeviceAddress.find(slice, BOTH, List.of(), slice))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anUnknownAddressListsTheDevices() {
        for (String address : List.of("2", "99999999999", "", "-1", "gpu0")) {
            assertThatThrownBy(() -> find(address, BOTH))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("GPU address '" + address + "' is none of the devices")
                    .hasMessageContaining(FAST.toString())
                    .hasMessageContaining(SLOW.toString());
        }
        assertThatThrownBy(() -> find("0", List.of())).hasMessageContaining("(none)");
    }

    @Test
    void theSystemsListIsReadFromFolderNames(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("0000:05:00.0"));
        Files.createDirectory(folder.resolve("something else"));
        assertThat(DeviceAddress.systemBusIds(folder)).containsExactly("0000:05:00.0");
        assertThat(DeviceAddress.systemBusIds(folder.resolve("nowhere"))).isEmpty();
    }
}
