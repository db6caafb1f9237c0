#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock, and a condition to wait for under it, whose deadlines the system's clock cannot move.
///
/// Not `NSCondition`: its deadline is a `Date`, so that a wait of 50 ms lasts an hour when the clock is set back by an hour
/// meanwhile. Not a dispatch semaphore: on Linux it turns its deadline into wall-clock time, too.
///
/// - Note: `@unchecked Sendable` is sound because both pointers are constant, and what they point to is made for use by many
///   threads.
package final class MonotonicCondition: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        Self.require(pthread_mutex_init(mutex, nil), "pthread_mutex_init")
        #if canImport(Darwin)
            Self.require(pthread_cond_init(condition, nil), "pthread_cond_init")
        #else
            var attributes = pthread_condattr_t()
            Self.require(pthread_condattr_init(&attributes), "pthread_condattr_init")
            Self.require(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), "pthread_condattr_setclock")
            Self.require(pthread_cond_init(condition, &attributes), "pthread_cond_init")
            pthread_condattr_destroy(&attributes)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while no other thread holds the lock.
    package func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Wakes one waiting thread; called under the lock.
    package func signal() { pthread_cond_signal(condition) }

    /// Releases the lock and sleeps until another thread signals; may also return without a signal. Call under the lock.
    package func wait() { pthread_cond_wait(condition, mutex) }

    /// Releases the lock and sleeps until another thread signals or `deadline` passes; may also return without either. Call
    /// under the lock.
    ///
    /// - Returns: false once the deadline has passed.
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return false }
        let (seconds, attoseconds) = left.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        #if canImport(Darwin)
            return pthread_cond_timedwait_relative_np(condition, mutex, &time) != ETIMEDOUT
        #else
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            let nanoseconds = time.tv_nsec + now.tv_nsec
            time.tv_sec += now.tv_sec + nanoseconds / 1_000_000_000
            time.tv_nsec = nanoseconds % 1_000_000_000
            return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
        #endif
    }

    private static func require(_ result: Int32, _ name: String) {
        precondition(result == 0, "\(name) failed with error \(result)")
    }
}
