/// A deterministic automaton over bytes: the language of one lexeme.
///
/// Minimal, and every state reaches an accepting one, so that a byte that leads somewhere never leads into a dead end, and
/// two automata of one language are equal. State 0 is the start; the empty language has no states.
///
///     let digits = try ByteAutomaton.bytes(0x30...0x39).repeated(1)
///     digits.accepts(Array("2024".utf8))   // true
package struct ByteAutomaton: Sendable, Hashable {
    /// No transition.
    package static let dead: Int32 = -1

    /// Which column of ``transitions`` a byte has; bytes of one class lead to the same states everywhere. `[256]`
    package let classes: [UInt8]
    package let classCount: Int
    /// `[states, classCount]`: the state after a byte, or ``dead``.
    package let transitions: [Int32]
    /// `[states]`
    package let accepting: [Bool]

    package var stateCount: Int { accepting.count }
    package var isEmpty: Bool { accepting.isEmpty }
    package var acceptsEmpty: Bool { accepting.first ?? false }

    /// - Precondition: minimal, trimmed and numbered as ``init(minimising:classes:)`` makes it.
    init(classes: [UInt8], classCount: Int, transitions: [Int32], accepting: [Bool]) {
        self.classes = classes
        self.classCount = classCount
        self.transitions = transitions
        self.accepting = accepting
    }

    /// The language without a text.
    package static let none = ByteAutomaton(
        classes: Array(repeating: 0, count: 256), classCount: 1, transitions: [], accepting: [])
    /// The language of the empty text alone.
    package static let empty = ByteAutomaton(
        classes: Array(repeating: 0, count: 256), classCount: 1, transitions: [dead], accepting: [true])

    /// The state after a byte, or ``dead``.
    @inline(__always)
    package func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        transitions[Int(state) * classCount + Int(classes[Int(byte)])]
    }

    /// The state that more than half of the bytes of ASCII lead to; nil without one.
    func commonTarget(of state: Int32) -> Int32? {
        var counts: [Int32: Int] = [:]
        for byte in 0..<0x80 as Range<UInt8> { counts[next(state, byte), default: 0] += 1 }
        guard let most = counts.max(by: { $0.value < $1.value }), most.key != Self.dead, most.value > 0x40 else {
            return nil
        }
        return most.key
    }

    /// Whether the whole text belongs to the language.
    package func accepts(_ text: [UInt8]) -> Bool {
        !isEmpty && accepts(text, from: 0)
    }

    /// Whether the whole text leads from a state to an accepting one.
    func accepts(_ text: [UInt8], from start: Int32) -> Bool {
        var state = start
        for byte in text {
            state = next(state, byte)
            if state == Self.dead { return false }
        }
        return accepting[Int(state)]
    }
}
