package io.sparkmoe.core.cuda;

/** PTX as text: one kernel of a file that holds several. */
final class PtxText {
    private static final String ENTRY = ".visible .entry ";

    private PtxText() {}

    /**
     * The text without the other kernels. What stands outside of kernels stays, device functions too; kernels do not call
     * each other.
     *
     * @throws IllegalStateException when there is no kernel of that name
     */
    static String only(String ptx, String kernel) {
        StringBuilder out = new StringBuilder(ptx.length());
        boolean found = false;
        int at = 0;
        for (int entry = ptx.indexOf(ENTRY); entry >= 0; entry = ptx.indexOf(ENTRY, at)) {
            out.append(ptx, at, entry);
            int end = end(ptx, entry);
            if (ptx.startsWith(kernel + "(", entry + ENTRY.length())) {
                out.append(ptx, entry, end);
                found = true;
            }
            at = end;
        }
        if (!found) {
            throw new IllegalStateException("there is no kernel " + kernel + " in this PTX");
        }
        return out.append(ptx.substring(at)).toString();
    }

    /** Where the kernel's body ends; scopes, calls and vectors inside it have braces too. */
    private static int end(String ptx, int entry) {
        int at = ptx.indexOf('{', entry) + 1;
        for (int depth = 1; depth > 0; at++) {
            char c = ptx.charAt(at);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        }
        return at;
    }
}
