package io.sparkmoe.spark.functions;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.jspecify.annotations.Nullable;

/** The constant arguments of a call as Java values; every complaint names the parameter. */
final class Constants {
    private final List<Parameter> parameters;
    private final List<Expression> arguments;

    Constants(List<Parameter> parameters, List<Expression> arguments) {
        this.parameters = parameters;
        this.arguments = arguments;
    }

    /** @throws IllegalArgumentException naming the first argument that is not constant */
    void checkFoldable() {
        for (int i = 0; i < parameters.size(); i++) {
            if (!parameters.get(i).data() && !arguments.get(i).foldable()) {
                throw new IllegalArgumentException(parameters.get(i).name()
                        + " must be a constant (literal, parameter marker or session variable), got "
                        + arguments.get(i).sql());
            }
        }
    }

    /** The type of an argument. */
    DataType type(String name) {
        return arguments.get(index(name)).dataType();
    }

    /** Whether an argument that may be a column is a constant. */
    boolean isConstant(String name) {
        return arguments.get(index(name)).foldable();
    }

    int integer(String name) {
        Integer value = optionalInteger(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " must not be NULL");
        }
        return value;
    }

    @Nullable
    Integer optionalInteger(String name) {
        Object value = value(name);
        return value == null ? null : integer(name, value);
    }

    private static int integer(String name, Object value) {
        if (value instanceof Byte || value instanceof Short || value instanceof Integer || value instanceof Long) {
            long v = ((Number) value).longValue();
            if (v == (int) v) {
                return (int) v;
            }
        }
        throw new IllegalArgumentException(name + " must be an integer of 32 bits, got " + value);
    }

    /** One of an enum's names, in any case. */
    <T extends Enum<T>> T choice(String name, Class<T> type) {
        T choice = optionalChoice(name, type);
        if (choice == null) {
            throw notAmong(name, type, null);
        }
        return choice;
    }

    /** One of an enum's names, in any case; null for NULL. */
    <T extends Enum<T>> @Nullable T optionalChoice(String name, Class<T> type) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        for (T constant : type.getEnumConstants()) {
            if (constant.name().equalsIgnoreCase(value.toString())) {
                return constant;
            }
        }
        throw notAmong(name, type, value);
    }

    /** A constant of an enum as it is written in SQL. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static <T extends Enum<T>> IllegalArgumentException notAmong(
            String name, Class<T> type, @Nullable Object value) {
        String allowed = Arrays.stream(type.getEnumConstants())
                .map(c -> "'" + name(c) + "'")
                .collect(Collectors.joining(", "));
        return new IllegalArgumentException(name + " is one of " + allowed + ", got " + value);
    }

    boolean bool(String name) {
        if (value(name) instanceof Boolean b) {
            return b;
        }
        throw new IllegalArgumentException(name + " must be true or false, got " + value(name));
    }

    /** A number of any type, rounded to float. */
    float number(String name) {
        return number(name, value(name));
    }

    private static float number(String name, @Nullable Object value) {
        if (value instanceof Decimal d) {
            return d.toJavaBigDecimal().floatValue();
        }
        if (value instanceof Number n) {
            return n.floatValue();
        }
        throw new IllegalArgumentException(name + " must be a number, got " + value);
    }

    /** Numbers of any type, rounded to float; null for NULL. */
    float @Nullable [] numbers(String name) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        DataType type = arguments.get(index(name)).dataType();
        if (!(value instanceof ArrayData array) || !(type instanceof ArrayType list)) {
            throw new IllegalArgumentException(name + " must be an array of numbers, got " + type.sql());
        }
        float[] out = new float[array.numElements()];
        for (int i = 0; i < out.length; i++) {
            out[i] = number(name + "[" + i + "]", array.isNullAt(i) ? null : array.get(i, list.elementType()));
        }
        return out;
    }

    /** Whether an optional column is given. */
    boolean given(String name) {
        return !MoeExpression.untypedNull(arguments.get(index(name)));
    }

    int @Nullable [] integers(String name) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        DataType type = arguments.get(index(name)).dataType();
        boolean empty = value instanceof ArrayData none && none.numElements() == 0;
        if (!(value instanceof ArrayData array)
                || !(type instanceof ArrayType list)
                || !(empty || integral(list.elementType()))) {
            throw new IllegalArgumentException(name + " must be an array of integers, got " + type.sql());
        }
        int[] out = new int[array.numElements()];
        for (int i = 0; i < out.length; i++) {
            if (array.isNullAt(i)) {
                throw new IllegalArgumentException(name + "[" + i + "] must not be NULL");
            }
            out[i] = integer(name + "[" + i + "]", array.get(i, list.elementType()));
        }
        return out;
    }

    double[] doubles(String name) {
        Object value = value(name);
        DataType type = arguments.get(index(name)).dataType();
        if (!(value instanceof ArrayData array) || !(type instanceof ArrayType list)) {
            throw new IllegalArgumentException(name + " must be an array of numbers, got " + type.sql());
        }
        double[] out = new double[array.numElements()];
        for (int i = 0; i < out.length; i++) {
            Object item = array.isNullAt(i) ? null : array.get(i, list.elementType());
            if (item instanceof Decimal decimal) {
                out[i] = decimal.toDouble();
            } else if (item instanceof Float single) {
                // As it is written: 1.1f is 1.1 and not 1.10000002.
                out[i] = Double.parseDouble(single.toString());
            } else if (item instanceof Number number) {
                out[i] = number.doubleValue();
            } else {
                throw new IllegalArgumentException(name + "[" + i + "] must be a number, got " + item);
            }
        }
        return out;
    }

    static boolean integral(DataType type) {
        return type instanceof ByteType
                || type instanceof ShortType
                || type instanceof IntegerType
                || type instanceof LongType;
    }

    private @Nullable Object value(String name) {
        return arguments.get(index(name)).eval(InternalRow.empty());
    }

    private int index(String name) {
        for (int i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalStateException("no parameter " + name);
    }
}
