package io.sparkmoe.compat;

import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.xbean.asm9.ClassVisitor;
import org.apache.xbean.asm9.Handle;
import org.apache.xbean.asm9.MethodVisitor;
import org.apache.xbean.asm9.Opcodes;

/** The methods and fields that a class's code names, in classes other than the JDK's. */
final class References extends ClassVisitor {
    private final Set<Reference> found = new LinkedHashSet<>();

    References() {
        super(Opcodes.ASM9);
    }

    Set<Reference> found() {
        return found;
    }

    private void add(String owner, String name, String descriptor, boolean field) {
        // JCuda comes inside the jar without the classes of its other bindings, which constructors of it name.
        if (!owner.startsWith("[") && !owner.startsWith("java/") && !owner.startsWith("jcuda/")) {
            found.add(new Reference(owner, name, descriptor, field));
        }
    }

    @Override
    public MethodVisitor visitMethod(
            int access, String name, String descriptor, String signature, String[] exceptions) {
        return new MethodVisitor(Opcodes.ASM9) {
            @Override
            public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
                add(owner, name, descriptor, false);
            }

            @Override
            public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
                add(owner, name, descriptor, true);
            }

            @Override
            public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
                for (Object argument : arguments) {
                    if (argument instanceof Handle h) {
                        add(h.getOwner(), h.getName(), h.getDesc(), h.getTag() <= Opcodes.H_PUTSTATIC);
                    }
                }
            }
        };
    }
}
