package io.sparkmoe.core.cuda.driver;

/** From the stack traces that JCuda packs into one message to the sentence that matters. */
final class LinkProblem {
    private static final String CUDA_LIBRARY = "libcuda.so.1";
    private static final String MARK = "UnsatisfiedLinkError: ";

    private LinkProblem() {}

    static String sentence(String message) {
        String line = lastLinkError(message);
        if (line.contains(CUDA_LIBRARY)) {
            return "there is no NVIDIA driver here (" + CUDA_LIBRARY + " cannot be loaded)";
        }
        String hint = line.contains("failed to map segment")
                ? "; is java.io.tmpdir mounted noexec? Then point it to another folder"
                : "";
        return "the CUDA binding cannot be loaded: " + line + hint;
    }

    /** JCuda tries the library path first, which has nothing: the last error is the one of the file it unpacked. */
    private static String lastLinkError(String message) {
        int mark = message.lastIndexOf(MARK);
        String rest = mark < 0 ? message : message.substring(mark + MARK.length());
        return rest.lines().findFirst().orElse("no reason given").strip();
    }
}
