package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.List;

/** Splits SQL text at semicolons that stand outside quotes and comments. */
final class SqlStatements {
    private final String text;
    private final List<String> statements = new ArrayList<>();
    private int from;
    private int at;
    private boolean content;

    private SqlStatements(String text) {
        this.text = text;
    }

    /** The statements that hold more than blanks and comments. */
    static List<String> split(String text) {
        return new SqlStatements(text).run();
    }

    private List<String> run() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\'' || c == '"' || c == '`') {
                content = true;
                skipQuoted(c);
            } else if (text.startsWith("--", at)) {
                skipTo("\n");
            } else if (text.startsWith("/*", at)) {
                skipTo("*/");
            } else {
                if (c == ';') {
                    end();
                    from = at + 1;
                } else {
                    content |= !Character.isWhitespace(c);
                }
                at++;
            }
        }
        end();
        return statements;
    }

    private void skipQuoted(char quote) {
        for (at++; at < text.length() && text.charAt(at) != quote; at++) {
            if (text.charAt(at) == '\\' && quote != '`') {
                at++;
            }
        }
        at++;
    }

    private void skipTo(String end) {
        int found = text.indexOf(end, at);
        at = found < 0 ? text.length() : found + end.length();
    }

    private void end() {
        if (content) {
            statements.add(text.substring(from, Math.min(at, text.length())).strip());
        }
        content = false;
    }
}
