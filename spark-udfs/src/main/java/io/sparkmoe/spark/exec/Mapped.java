package io.sparkmoe.spark.exec;

import java.util.Iterator;
import java.util.function.Function;

/** An iterator's items, each through a function as it is asked for. */
record Mapped<A, B>(Iterator<A> items, Function<A, B> function) implements Iterator<B> {
    @Override
    public boolean hasNext() {
        return items.hasNext();
    }

    @Override
    public B next() {
        return function.apply(items.next());
    }
}
