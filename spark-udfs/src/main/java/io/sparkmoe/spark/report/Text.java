package io.sparkmoe.spark.report;

import java.util.List;
import java.util.Locale;

/** Numbers and foreign text as the page shows them; independent of the machine's locale. */
final class Text {
    /** Stands for a metric that is undefined (denominator 0). */
    static final String UNDEFINED = "–";

    private static final String[] BYTE_UNITS = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
    private static final String[] COUNT_UNITS = {"", " K", " M", " G", " T"};

    private Text() {}

    /** 16858 as 16,858. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** 29440000000 as 29.4 G; below a million in full. */
    static String shortCount(long value) {
        return value < 1_000_000 ? count(value) : scaled((double) value, 1000, COUNT_UNITS);
    }

    static String bytes(long value) {
        return value < 1024 ? value + " B" : scaled((double) value, 1024, BYTE_UNITS);
    }

    /** 0.0456 as 4.56 %: three figures below 10 %, one decimal above. */
    static String percent(double share) {
        double value = 100 * share;
        return percent(share, value != 0 && value < 9.995 ? 2 : 1);
    }

    /** With fixed decimals, for columns. */
    static String percent(double share, int digits) {
        return decimal(100 * share, digits) + "\u00a0%";
    }

    /** 2.903 as 2.90×. */
    static String times(double ratio) {
        return decimal(ratio, 2) + "×";
    }

    static String decimal(double value, int digits) {
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    static String seconds(double value) {
        if (value < 60) {
            return decimal(value, 1) + " s";
        }
        long whole = Math.round(value);
        return whole < 3600
                ? whole / 60 + " min " + whole % 60 + " s"
                : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }

    /** "1 token", "2 tokens". */
    static String plural(long value, String noun) {
        return count(value) + " " + noun + (value == 1 ? "" : "s");
    }

    /** Ascending numbers with runs drawn together: 3–60, 62. */
    static String ranges(List<Integer> numbers) {
        StringBuilder out = new StringBuilder();
        for (int from = 0, to; from < numbers.size(); from = to + 1) {
            to = from;
            while (to + 1 < numbers.size() && numbers.get(to + 1) == numbers.get(to) + 1) {
                to++;
            }
            out.append(from == 0 ? "" : ", ").append(numbers.get(from));
            if (to > from) {
                out.append('–').append(numbers.get(to));
            }
        }
        return out.toString();
    }

    /**
     * A foreign string made harmless to read: control, bidirectional and other format characters appear as
     * their code, so that no file name can reorder the text around it; longer than {@code limit} characters
     * is cut with an ellipsis. HTML is escaped by the templates, not here.
     */
    static String visible(String text, int limit) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), limit) + 8);
        int shown = 0;
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at)), shown++) {
            if (shown == limit) {
                return out.append('…').toString();
            }
            appendVisible(out, text.codePointAt(at));
        }
        return out.toString();
    }

    private static void appendVisible(StringBuilder out, int codePoint) {
        switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED -> out.append(String.format(Locale.ROOT, "\\u%04x", codePoint));
            default -> out.appendCodePoint(codePoint);
        }
    }

    private static String scaled(double value, int step, String[] units) {
        int unit = 0;
        double rest = value;
        while (rest >= step && unit < units.length - 1) {
            rest /= step;
            unit++;
        }
        return decimal(rest, rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0) + units[unit];
    }
}
