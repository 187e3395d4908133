package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelArgumentsTest {
    @Test
    void theTablePointsToTheValuesInOrder() {
        KernelArguments arguments =
                new KernelArguments().i32(-2).i64(Long.MIN_VALUE).address(0x7f0000001000L);
        assertThat(arguments.count()).isEqualTo(3);
        assertThat((int) arguments.value(0)).isEqualTo(-2);
        assertThat(arguments.value(1)).isEqualTo(Long.MIN_VALUE);
        assertThat(arguments.value(2)).isEqualTo(0x7f0000001000L);
        long table = ((HostAddress) arguments.table()).value();
        for (int i = 0; i < KernelArguments.CAPACITY; i++) {
            assertThat(arguments.pointer(i)).isEqualTo(table + 8L * (KernelArguments.CAPACITY + i));
        }
    }

    @Test
    void theSameTableServesAgain() {
        KernelArguments arguments = new KernelArguments().i64(-1).i64(-1);
        Object table = arguments.table();
        arguments.reset().i32(5).address(6);
        assertThat(arguments.table()).isSameAs(table);
        assertThat((int) arguments.value(0)).isEqualTo(5);
        assertThat(arguments.value(1)).isEqualTo(6);
    }

    @Test
    void moreThanTheTableHoldsIsRefused() {
        KernelArguments arguments = new KernelArguments();
        for (int i = 0; i < KernelArguments.CAPACITY; i++) {
            arguments.i32(i);
        }
        assertThatThrownBy(() -> arguments.i32(0)).hasMessage("a kernel takes at most 64 arguments");
    }

    @Test
    void aLaunchIsCheckedWhereItIsMade() {
        assertThat(LaunchConfig.of(3, 128, 64)).hasToString("<<<(3, 1), 128, 64>>>");
        assertThatThrownBy(() -> new LaunchConfig(0, 1, 128, 0)).hasMessageContaining("got <<<(0, 1), 128, 0>>>");
        assertThatThrownBy(() -> new LaunchConfig(1, 65_536, 128, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LaunchConfig(1, 1, 1_025, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LaunchConfig(1, 1, 1, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
