package io.sparkmoe.compat;

import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * A method or field as a class file names it.
 *
 * @param owner internal name of the class, slashes in it
 * @param descriptor JVM descriptor
 */
record Reference(String owner, String name, String descriptor, boolean field) {
    /** Whether this class path has it, in the owner or above. */
    boolean resolves() {
        ClassLoader loader = Reference.class.getClassLoader();
        try {
            Class<?> type = Class.forName(owner.replace('/', '.'), false, loader);
            if (field) {
                Class<?> wanted = MethodType.fromMethodDescriptorString("()" + descriptor, loader)
                        .returnType();
                return hasField(type, wanted);
            }
            MethodType wanted = MethodType.fromMethodDescriptorString(descriptor, loader);
            // Signature-polymorphic methods take whatever is written.
            return owner.startsWith("java/lang/invoke/") || hasMethod(type, wanted);
        } catch (ClassNotFoundException | TypeNotPresentException | LinkageError e) {
            return false;
        }
    }

    private boolean hasField(Class<?> type, Class<?> wanted) {
        return Arrays.stream(type.getDeclaredFields()).anyMatch(f -> f.getName().equals(name) && f.getType() == wanted)
                || above(type).anyMatch(t -> hasField(t, wanted));
    }

    private boolean hasMethod(Class<?> type, MethodType wanted) {
        if (name.equals("<init>")) {
            return Arrays.stream(type.getDeclaredConstructors())
                    .anyMatch(c -> Arrays.equals(c.getParameterTypes(), wanted.parameterArray()));
        }
        return Arrays.stream(type.getDeclaredMethods())
                        .anyMatch(m -> m.getName().equals(name)
                                && m.getReturnType() == wanted.returnType()
                                && Arrays.equals(m.getParameterTypes(), wanted.parameterArray()))
                || above(type).anyMatch(t -> hasMethod(t, wanted));
    }

    private static Stream<Class<?>> above(Class<?> type) {
        Stream<Class<?>> root = type.isInterface() ? Stream.of(Object.class) : Stream.ofNullable(type.getSuperclass());
        return Stream.concat(root, Arrays.stream(type.getInterfaces()));
    }

    @Override
    public String toString() {
        return owner.replace('/', '.') + "." + name + " " + descriptor;
    }
}
