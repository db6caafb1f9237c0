import Foundation

/// A lock that threads get in the order in which they asked for it.
///
/// Not `Mutex`: a thread that gives a mutex back and asks again at once gets it before a thread that slept for it, so an
/// engine that makes step after step would keep the others from ever making one.
///
/// - Note: `@unchecked Sendable` is sound because both numbers are touched only under `condition`.
final class FairLock: @unchecked Sendable {
    private let condition = NSCondition()
    /// The number that the next thread draws.
    private var nextNumber = 0
    /// The number whose thread has the lock, or may take it.
    private var servedNumber = 0

    func lock() {
        condition.lock()
        defer { condition.unlock() }
        let number = nextNumber
        nextNumber += 1
        while servedNumber != number { condition.wait() }
    }

    func unlock() {
        condition.lock()
        defer { condition.unlock() }
        servedNumber += 1
        if nextNumber > servedNumber { condition.broadcast() }
    }
}
