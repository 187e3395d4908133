package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.cuda.driver.DeviceBlock;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** Transitions on the device: 8 E^2 bytes a slot and layer pair, made when the data first has the pair. */
final class CudaTransitions extends DeviceAccumulator<SlottedBlocks, TransitionAccumulator>
        implements TransitionAccumulator {
    private record Place(int slot, LayerPair pair) {}

    private final TransitionOptions options;
    private final DeviceMemoryPool memory;
    private final AnalysisBackend cpu;
    private final BufferAllocator allocator;
    private final long matrixBytes;
    private final Map<Place, Long> matrices = new HashMap<>();
    private final List<DeviceBlock> blocks = new ArrayList<>();

    CudaTransitions(
            TransitionOptions options,
            DeviceCalls calls,
            DeviceMemoryPool memory,
            AnalysisBackend cpu,
            BufferAllocator allocator) {
        super(calls, IdOptions.of(options.numExperts()).withInvalid(options.invalid()));
        this.options = options;
        this.memory = memory;
        this.cpu = cpu;
        this.allocator = allocator;
        this.matrixBytes = (long) Long.BYTES * options.numExperts() * options.numExperts();
    }

    @Override
    public void add(LayerBlocks layerBlocks, int[] slots, int numSlots) {
        if (layerBlocks.blocks() > 0) {
            addBatch(new SlottedBlocks(layerBlocks, slots, numSlots));
        }
    }

    @Override
    boolean any() {
        return !matrices.isEmpty();
    }

    @Override
    void forget() {
        matrices.clear();
        blocks.forEach(DeviceBlock::close);
        blocks.clear();
    }

    @Override
    SlottedBlocks @Nullable [] cut(SlottedBlocks batch) {
        return batch.halves();
    }

    @Override
    @Nullable
    Launches prepare(Lane lane, SlottedBlocks batch) {
        List<TokenGroup> groups = TokenGroup.of(batch, options.topk());
        if (groups == null || !reserve(lane, groups)) {
            return null;
        }
        DeviceBatch in = lane.upload(batch.ids());
        List<GroupTransitions> launches = new ArrayList<>();
        for (TokenGroup group : groups) {
            if (group.tokens() > 0) {
                List<int[]> pairs = group.pairs(options);
                long[] at = pairs.stream()
                        .mapToLong(p -> matrices.getOrDefault(place(group, p), 0L))
                        .toArray();
                launches.add(new GroupTransitions(lane, in, group, options, pairs, at));
            }
        }
        return on -> {
            on.uploaded();
            launches.forEach(l -> l.launch(on));
        };
    }

    private static Place place(TokenGroup group, int[] pair) {
        return new Place(group.slot, new LayerPair(group.layers[pair[0]], group.layers[pair[1]]));
    }

    /** Makes the matrices that the groups need and that are not there; false when there is no room. */
    private boolean reserve(Lane lane, List<TokenGroup> groups) {
        Set<Place> missing = new HashSet<>();
        for (TokenGroup group : groups) {
            for (int[] pair : group.pairs(options)) {
                Place place = place(group, pair);
                if (!matrices.containsKey(place)) {
                    missing.add(place);
                }
            }
        }
        if (missing.isEmpty()) {
            return true;
        }
        DeviceBlock block;
        try {
            block = memory.take(missing.size() * matrixBytes);
        } catch (OutOfDeviceMemoryException e) {
            return false;
        }
        blocks.add(block);
        lane.stream().fill(block.address(), (byte) 0, missing.size() * matrixBytes);
        long address = block.address();
        for (Place place : missing) {
            matrices.put(place, address);
            address += matrixBytes;
        }
        return true;
    }

    @Override
    long ids(SlottedBlocks batch) {
        return batch.ids().totalIds();
    }

    @Override
    int numSlots(SlottedBlocks batch) {
        return batch.numSlots();
    }

    @Override
    TransitionAccumulator openOnCpu() {
        return cpu.transitions(options, allocator);
    }

    @Override
    void addOnCpu(TransitionAccumulator accumulator, SlottedBlocks batch) {
        accumulator.add(batch.blocks(), batch.slots(), batch.numSlots());
    }

    @Override
    IdCounts countsOnCpu(TransitionAccumulator accumulator) {
        return accumulator.counts();
    }

    @Override
    public SortedSet<LayerPair> pairs(int slot) {
        SortedSet<LayerPair> out = new TreeSet<>();
        for (Place place : matrices.keySet()) {
            if (place.slot() == slot) {
                out.add(place.pair());
            }
        }
        TransitionAccumulator other = overflow(slot);
        if (other != null) {
            out.addAll(other.pairs(slot));
        }
        return out;
    }

    @Override
    public void read(int slot, LayerPair pair, long[] out) {
        Long address = matrices.get(new Place(slot, pair));
        int size = options.numExperts() * options.numExperts();
        long[] there = address == null ? null : fetch(address, size);
        if (there == null) {
            Arrays.fill(out, 0);
        } else {
            System.arraycopy(there, 0, out, 0, size);
        }
        TransitionAccumulator other = overflow(slot);
        if (other != null) {
            long[] more = new long[size];
            other.read(slot, pair, more);
            for (int i = 0; i < size; i++) {
                out[i] += more[i];
            }
        }
    }

    @Override
    public long bytes() {
        TransitionAccumulator other = overflow(0);
        return matrices.size() * matrixBytes + (other == null ? 0 : other.bytes());
    }

    @Override
    public void clear() {
        forgetAll();
    }

    @Override
    public IdCounts counts() {
        return leftOut();
    }

    @Override
    public void close() {
        try {
            forget();
        } finally {
            closeOverflow();
        }
    }
}
