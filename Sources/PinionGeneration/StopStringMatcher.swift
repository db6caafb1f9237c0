/// Finds stop strings in text that arrives in pieces, and holds back what may yet become one.
///
/// The text ends where the first stop string to be completed begins; of several completed by the same byte, the longest.
/// That does not depend on how the text is cut into pieces. Each byte costs a constant number of steps
/// (``MarkFinder``), because this runs on the engine thread and the stop strings are the request's.
package struct StopStringMatcher {
    private var patterns: [MarkFinder]
    /// Text that is a proper prefix of some stop string.
    private var held: [UInt8] = []
    /// The stop string that ended the text; nil before that.
    package private(set) var stopString: String?

    package init(_ stops: [String]) {
        patterns = stops.filter { !$0.isEmpty }.map { MarkFinder(Array($0.utf8)) }
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
                completed = max(completed, patterns[index].count)
            }
            if completed > 0 {
                defer { held = [] }
                stopString = String(decoding: held.suffix(completed), as: UTF8.self)
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
            for index in patterns.indices { patterns[index].reset() }
        }
        return String(decoding: held, as: UTF8.self)
    }
}
