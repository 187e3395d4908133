package io.sparkmoe.spark.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The files that the page inlines, and the hashes by which its content security policy admits them. */
final class Assets {
    static final String ECHARTS_VERSION = "5.5.0";
    private static final String ECHARTS = "/META-INF/resources/webjars/echarts/" + ECHARTS_VERSION + "/echarts.min.js";
    private static final String[] SCRIPTS = {
        "page.js",
        "heatmap.js",
        "lines.js",
        "padding.js",
        "cells.js",
        "coactivation.js",
        "transitions.js",
        "comparison.js",
        "domains.js",
        "vocabulary.js",
        "windows.js",
        "capacity.js",
        "tables.js"
    };

    private Assets() {}

    /** Apache ECharts as its makers ship it. */
    static String echarts() {
        return read(ECHARTS);
    }

    /** The page's own script, one text out of several files that share one scope. */
    static String script() {
        StringBuilder script = new StringBuilder("(() => {\n'use strict';\n");
        for (String file : SCRIPTS) {
            script.append(read(file)).append('\n');
        }
        return script.append("start();\n})();\n").toString();
    }

    static String style() {
        return read("report.css");
    }

    /** Notices and licences of what the page carries. */
    static String notices() {
        return read("third-party.txt");
    }

    /** The value of the policy's meta element: nothing may load, and only these inline texts may act. */
    static String policy(String style, String... scripts) {
        StringBuilder policy = new StringBuilder("default-src 'none'; base-uri 'none'; form-action 'none'; script-src");
        for (String script : scripts) {
            policy.append(' ').append(hash(script));
        }
        return policy.append("; style-src ").append(hash(style)).toString();
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    private static String read(String name) {
        try (InputStream in = Assets.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "the report's file " + name + " is not on the class path; the spark-moe jar is incomplete");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the report's file " + name, e);
        }
    }
}
