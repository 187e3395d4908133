package io.sparkmoe.core.cuda.driver;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** What is open in a context: resources, and bytes by address. */
final class OpenList {
    private static final int NAMED = 8;

    private final Set<OpenResource> resources = ConcurrentHashMap.newKeySet();
    private final Map<Long, Long> device = new ConcurrentHashMap<>();
    private final Map<Long, Long> pinned = new ConcurrentHashMap<>();

    void add(OpenResource resource) {
        resources.add(resource);
    }

    void remove(OpenResource resource) {
        resources.remove(resource);
    }

    List<OpenResource> resources() {
        return resources.stream()
                .sorted(Comparator.comparing(OpenResource::toString))
                .toList();
    }

    Map<Long, Long> device() {
        return device;
    }

    Map<Long, Long> pinned() {
        return pinned;
    }

    /** One phrase for each thing that is open, the first few of a kind by name; empty when nothing is. */
    List<String> describe() {
        List<String> out = new ArrayList<>();
        List<OpenResource> open = resources();
        open.stream().limit(NAMED).forEach(r -> out.add(r.toString()));
        if (open.size() > NAMED) {
            out.add((open.size() - NAMED) + " more");
        }
        addMemory(out, device, "device");
        addMemory(out, pinned, "pinned host");
        return out;
    }

    private static void addMemory(List<String> out, Map<Long, Long> blocks, String kind) {
        if (blocks.isEmpty()) {
            return;
        }
        long sum = blocks.values().stream().mapToLong(Long::longValue).sum();
        StringBuilder text = new StringBuilder();
        text.append(blocks.size())
                .append(' ')
                .append(kind)
                .append(" allocations of ")
                .append(sum)
                .append(" bytes in all (");
        String separator = "";
        for (Map.Entry<Long, Long> b :
                new TreeMap<>(blocks).entrySet().stream().limit(NAMED).toList()) {
            text.append(separator).append(b.getValue()).append(" at 0x").append(Long.toHexString(b.getKey()));
            separator = ", ";
        }
        out.add(text.append(blocks.size() > NAMED ? ", ...)" : ")").toString());
    }
}
