/// Finds stop strings in text that arrives in pieces, and holds back what may yet become one.
///
/// The text ends where the first stop string to be completed begins; of several completed by the same byte, the longest.
/// That does not depend on how the text is cut into pieces. Each byte costs a constant number of steps (Knuth, Morris
/// and Pratt, 1977), because this runs on the engine thread and the stop strings are the request's.
package struct StopStringMatcher {
    private struct Pattern {
        let bytes: [UInt8]
        /// For each length of a matched prefix, the longest shorter prefix that it ends with.
        let fallback: [Int]
        /// How much of the pattern the text ends with.
        var matched = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            var fallback = [0, 0]
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[index] != bytes[length] { length = fallback[length] }
                if bytes[index] == bytes[length] { length += 1 }
                fallback.append(length)
            }
            self.fallback = fallback
        }

        /// - Returns: Whether `byte` completes the pattern.
        mutating func advance(_ byte: UInt8) -> Bool {
            while matched > 0, bytes[matched] != byte { matched = fallback[matched] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var patterns: [Pattern]
    /// Text that is a proper prefix of some stop string.
    private var held: [UInt8] = []

    package init(_ stops: [String]) {
        patterns = stops.filter { !$0.isEmpty }.map { Pattern(Array($0.utf8)) }
    }

    /// Takes more text; not to be called again after a stop.
    ///
    /// - Returns: Text that is certain to precede any stop, and whether a stop string was completed.
    package mutating func append(_ text: String) -> (released: String, stopped: Bool) {
        guard !patterns.isEmpty else { return (text, false) }
        for byte in text.utf8 {
            held.append(byte)
            var completed = 0
            for index in patterns.indices where patterns[index].advance(byte) {
                completed = max(completed, patterns[index].bytes.count)
            }
            if completed > 0 {
                defer { held = [] }
                return (String(decoding: held.dropLast(completed), as: UTF8.self), true)
            }
        }
        let kept = patterns.map(\.matched).max() ?? 0
        defer { held.removeFirst(held.count - kept) }
        return (String(decoding: held.dropLast(kept), as: UTF8.self), false)
    }

    /// What was held back, once no more text comes.
    package mutating func finish() -> String {
        defer {
            held = []
            for index in patterns.indices { patterns[index].matched = 0 }
        }
        return String(decoding: held, as: UTF8.self)
    }
}
