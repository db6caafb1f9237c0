/// Texts that cost `String` quadratic time to compare, hash or count by characters.
package enum HostileText {
    /// `a` under combining marks that alternate between two classes, which canonical ordering has to sort; in all as
    /// many UTF-8 bytes as asked for, or one fewer.
    package static func marks(bytes: Int) -> String {
        let pair = "\u{301}\u{316}"
        let pairs = (bytes - 1) / 4
        let rest = (bytes - 1) % 4 >= 2 ? "\u{301}" : ""
        return "a" + String(repeating: pair, count: pairs) + rest
    }

    /// How many times longer work takes on marks than on as many bytes of ASCII: about 1 if its time is proportional to
    /// the bytes. The best of three, as other tests share the caches.
    package static func slowdown(bytes: Int, _ work: (String) throws -> Void) rethrows -> Double {
        func best(_ text: String) throws -> Double {
            try (0..<3).map { _ in try seconds { try work(text) } }.min() ?? 0
        }
        let plain = try best(String(repeating: "a", count: bytes))
        return try best(marks(bytes: bytes)) / plain
    }

    /// The seconds of processor time that work takes.
    package static func seconds(_ work: () throws -> Void) rethrows -> Double {
        try processorTime(work) / .seconds(1)
    }
}
