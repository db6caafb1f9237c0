import Crypto
import Synchronization

/// A secret that is good once and for a while; kept nowhere but in memory, and there as its digest.
///
///     let code = OneTimeCode()
///     let text = code.make(lasting: .seconds(600))
///     try code.redeem(text) { try store.create(name: "page") }    // a key
///     try code.redeem(text) { try store.create(name: "page") }    // nil: it was used
package final class OneTimeCode: Sendable {
    /// 22 letters of 62 carry 130.9 bits.
    private static let letters = 22

    private struct Good {
        let digest: SHA256Digest
        let end: Duration
    }

    private let clock: @Sendable () -> Duration
    private let good = Mutex<Good?>(nil)

    /// - Parameter clock: Time from any moment on, by a clock that only goes forward.
    package init(clock: @escaping @Sendable () -> Duration = OneTimeCode.sinceNow()) {
        self.clock = clock
    }

    private static func sinceNow() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    /// A new code, beside which the one before it is good no more.
    package func make(lasting time: Duration) -> String {
        let code = KeySecret.letters(Self.letters)
        let made = Good(digest: KeySecret.digest(of: code), end: clock() + time)
        good.withLock { $0 = made }
        return code
    }

    /// Does what a code is good for; nil, without doing it, for one that is wrong, used or too old.
    ///
    /// Whoever comes meanwhile waits. Where the action throws, the code stays good.
    package func redeem<T: Sendable>(_ code: String, _ action: () throws -> T) throws -> T? {
        guard code.utf8.count <= KeySecret.maximumLength else { return nil }
        let digest = KeySecret.digest(of: code)
        let now = clock()
        return try good.withLock { good in
            // Digests are compared in constant time.
            guard let present = good, present.digest == digest, now < present.end else { return nil }
            let result = try action()
            good = nil
            return result
        }
    }
}
