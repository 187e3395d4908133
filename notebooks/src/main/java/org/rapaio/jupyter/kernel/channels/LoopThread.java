package org.rapaio.jupyter.kernel.channels;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Polls one of the kernel's sockets. Stands before the kernel's own class of this name on the class path, which marks
 * itself as running only after its thread was started: a thread that is scheduled at once then ends, and the kernel never
 * answers.
 */
public final class LoopThread extends Thread {

    private static final Logger LOGGER = Logger.getLogger(LoopThread.class.getName());

    /** The sockets of a kernel are bound one after another; requests wait in their queues meanwhile. */
    private static final long FIRST_POLL_MILLIS = 500;

    private final long sleepMillis;
    private final Runnable poll;
    private volatile boolean running = true;

    /**
     * @param name name of the thread
     * @param sleepMillis pause between two polls, in milliseconds
     * @param poll looks for a message and handles it; must not block
     */
    public LoopThread(String name, long sleepMillis, Runnable poll) {
        super(name);
        this.sleepMillis = sleepMillis;
        this.poll = poll;
    }

    @Override
    public void run() {
        try {
            Thread.sleep(FIRST_POLL_MILLIS);
            while (running) {
                pollOnce();
                Thread.sleep(sleepMillis);
            }
        } catch (InterruptedException stop) {
            running = false;
        }
    }

    /** A request that cannot be handled is no reason to stop listening. */
    private void pollOnce() {
        try {
            poll.run();
        } catch (RuntimeException e) {
            if (running) {
                LOGGER.log(Level.WARNING, "a message could not be handled", e);
            }
        }
    }

    /** Ends the thread after the poll that it is in. */
    public void shutdown() {
        running = false;
    }
}
