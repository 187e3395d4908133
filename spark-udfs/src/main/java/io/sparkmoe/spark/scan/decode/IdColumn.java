package io.sparkmoe.spark.scan.decode;

import java.util.Locale;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/**
 * An id column of a file: a three-level list of int32, as Parquet's LIST annotation defines it.
 *
 * @param path of the leaf, as the footer's column chunks name it
 * @param bits of the declared integer type, 8, 16 or 32
 * @param signed whether the declared type is signed
 * @param listIsOptional whether a row may be NULL
 * @param elementIsOptional whether an id may be NULL
 */
public record IdColumn(String[] path, int bits, boolean signed, boolean listIsOptional, boolean elementIsOptional) {
    /** What a column of a schema is: a list of ids, or why it is not one that is decoded here. */
    public record Found(IdColumn column, String reason) {
        static Found not(String reason) {
            return new Found(null, reason);
        }
    }

    /** Looks a top-level column up, by its exact name. */
    public static Found find(MessageType schema, String name, boolean caseSensitive) {
        if (!schema.containsField(name)) {
            return Found.not("the file has no such column");
        }
        if (!caseSensitive
                && schema.getFields().stream()
                                .filter(f ->
                                        f.getName().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
                                .count()
                        > 1) {
            return Found.not("several columns differ in case alone");
        }
        Type type = schema.getType(name);
        if (type.isPrimitive()
                || type.isRepetition(Repetition.REPEATED)
                || !(type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation)) {
            return Found.not("not a list");
        }
        return list(type.asGroupType());
    }

    private static Found list(GroupType list) {
        Type repeated = list.getFieldCount() == 1 ? list.getType(0) : null;
        if (repeated == null
                || repeated.isPrimitive()
                || !repeated.isRepetition(Repetition.REPEATED)
                || repeated.asGroupType().getFieldCount() != 1
                || repeated.getName().equals("array")
                || repeated.getName().equals(list.getName() + "_tuple")) {
            return Found.not("not a three-level list");
        }
        Type element = repeated.asGroupType().getType(0);
        if (!element.isPrimitive()
                || element.isRepetition(Repetition.REPEATED)
                || element.asPrimitiveType().getPrimitiveTypeName() != PrimitiveTypeName.INT32) {
            return Found.not("its elements are not int32");
        }
        int bits = 32;
        boolean signed = true;
        if (element.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.IntLogicalTypeAnnotation i) {
            bits = i.getBitWidth();
            signed = i.isSigned();
        } else if (element.getLogicalTypeAnnotation() != null) {
            return Found.not("its elements are " + element.getLogicalTypeAnnotation());
        }
        return new Found(
                new IdColumn(
                        new String[] {list.getName(), repeated.getName(), element.getName()},
                        bits,
                        signed,
                        list.isRepetition(Repetition.OPTIONAL),
                        element.isRepetition(Repetition.OPTIONAL)),
                "");
    }

    /** Definition level of a value that is an element, NULL or not. */
    int slotDefinition() {
        return listIsOptional ? 2 : 1;
    }

    /** Definition level of an id. */
    int maxDefinition() {
        return slotDefinition() + (elementIsOptional ? 1 : 0);
    }

    int definitionBits() {
        return maxDefinition() == 1 ? 1 : 2;
    }

    /** A stored int32 as the declared type reads it: the low bits of it, as Spark's reader does. */
    int narrowed(int stored) {
        return bits == 32
                ? stored
                : bits == 16 ? signed ? (short) stored : stored : signed ? (byte) stored : (short) stored;
    }

    /** The name that messages use. */
    public String name() {
        return String.join(".", path);
    }
}
