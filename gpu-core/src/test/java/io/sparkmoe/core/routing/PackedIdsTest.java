package io.sparkmoe.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackedIdsTest {
    private static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }

    @Test
    void layoutOfVersionOne() {
        assertThat(PackedIds.pack(new int[0], 0)).isEqualTo(bytes(0xE1, 1));
        assertThat(PackedIds.pack(new int[] {0, 255}, 0)).isEqualTo(bytes(0xE1, 1, 0, 255));
        assertThat(PackedIds.pack(new int[] {254, -1}, 0)).isEqualTo(bytes(0xE1, 0x81, 254, 255));
        assertThat(PackedIds.pack(new int[] {255, -1}, 0)).isEqualTo(bytes(0xE1, 0x82, 255, 0, 255, 255));
        assertThat(PackedIds.pack(new int[] {256}, 0)).isEqualTo(bytes(0xE1, 2, 0, 1));
        assertThat(PackedIds.pack(new int[] {65_535}, 0)).isEqualTo(bytes(0xE1, 2, 255, 255));
        assertThat(PackedIds.pack(new int[] {65_535, -1}, 0))
                .isEqualTo(bytes(0xE1, 0x84, 255, 255, 0, 0, 255, 255, 255, 255));
        assertThat(PackedIds.pack(new int[] {65_536}, 0)).isEqualTo(bytes(0xE1, 4, 0, 0, 1, 0));
        assertThat(PackedIds.pack(new int[] {-1}, 0)).isEqualTo(bytes(0xE1, 0x81, 255));
    }

    @ParameterizedTest(name = "largest id {0}, masked {1}")
    @CsvSource({
        "0,false",
        "254,true",
        "255,false",
        "255,true",
        "65534,true",
        "65535,true",
        "65535,false",
        "2147483647,true"
    })
    void roundTrip(int largest, boolean masked) {
        Random random = new Random(largest);
        int[] ids = random.ints(1000, masked ? -1 : 0, Math.max(1, largest)).toArray();
        ids[500] = largest;
        ids[501] = masked ? -1 : 0;
        byte[] packed = PackedIds.pack(ids, 0);
        assertThat(PackedIds.unpack(packed, 0)).isEqualTo(ids);
        IdType type = PackedIds.type(packed[0], packed[1], packed.length, 0);
        assertThat(packed).hasSize(PackedIds.HEADER_BYTES + 1000 * type.bytes());
        assertThat(type.maxId()).isGreaterThanOrEqualTo(largest);
        assertThat(type.masks() || !masked).isTrue();
    }

    @Test
    void anIdBelowMinusOneCannotBePacked() {
        assertThatThrownBy(() -> PackedIds.pack(new int[] {3, -1, -2}, 17))
                .isInstanceOf(MalformedRoutingException.class)
                .hasMessage("row 17, position 2: expert id -2 cannot be packed; packed ids are -1 (masked) or 0 and "
                        + "more.");
    }

    private static final String EXPECTED = "row 17: not packed ids version 1 (0xE1, then width 1, 2 or 4, plus 0x80 "
            + "where all-ones is -1, then whole ids): ";

    private static void refused(byte[] packed, String found) {
        assertThatThrownBy(() -> PackedIds.unpack(packed, 17))
                .isInstanceOf(MalformedRoutingException.class)
                .hasMessage(EXPECTED + found + ". Make them with moe_pack_ids.");
    }

    @Test
    void otherBytesAreRefused() {
        refused(bytes(), "it is 0 bytes long");
        refused(bytes(0xE1), "it is 1 bytes long");
        refused(bytes(0xE2, 1, 0, 0), "its first byte is 0xE2");
        refused(bytes(0xE1, 3, 0, 0, 0), "its width byte is 0x03");
        refused(bytes(0xE1, 0x80), "its width byte is 0x80");
        refused(bytes(0xE1, 2, 0, 0, 0), "3 bytes of ids are not a multiple of the width 2");
        refused(bytes(0xE1, 0x84, 0, 0, 0, 0, 0), "5 bytes of ids are not a multiple of the width 4");
    }

    @ParameterizedTest(name = "width byte {0}")
    @ValueSource(ints = {1, 2, 4, 0x81, 0x82, 0x84})
    void emptyListsOfEveryWidthCanBeRead(int width) {
        assertThat(PackedIds.unpack(bytes(0xE1, width), 0)).isEmpty();
    }
}
