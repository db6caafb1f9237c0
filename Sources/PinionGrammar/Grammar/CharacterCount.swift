/// How many characters the texts of an automaton begin, state by state, so that a bound on their number is a count beside
/// the state: a URI of at most 2,083 characters would be two thousand times the states of a URI.
///
/// The texts are strings as JSON spells them, with the closing quote and without the opening one. *Because* with both, the
/// state in front of a string would often be that behind the backslash of `\"`.
package struct CharacterCount: Sendable, Hashable {
    /// `[states]`: whether the next byte begins a character, unless it is the closing quote.
    private let isBetween: [Bool]
    /// `[states]`: characters that have to begin yet before a text can end.
    let least: [Int32]
    /// The largest of ``least``.
    let most: Int32

    /// - Returns: nil for texts that are no strings, and where one state stands both between two characters and inside of
    ///   one, as it may in the automaton of an unusual pattern.
    package init?(_ automaton: ByteAutomaton) {
        guard let phases = Self.phases(of: automaton) else { return nil }
        isBetween = phases.map { $0 == .between }
        least = Self.distances(in: automaton, isBetween)
        most = least.max() ?? 0
    }

    /// Characters that begin with a byte: one or none.
    @inline(__always)
    func begun(at state: Int32, by byte: UInt8) -> Int32 {
        isBetween[Int(state)] && byte != Self.quote ? 1 : 0
    }

    private static let quote = UInt8(ascii: "\"")

    // MARK: - Phases

    /// Where a string's text is.
    private enum Phase: Hashable {
        case between
        case escape
        /// Behind `\u`, with so many digits to come.
        case digits(Int)
        /// With so many bytes of a character to come.
        case bytes(Int)
        case behind

        func after(_ byte: UInt8) -> Phase? {
            switch self {
            case .between: Phase(from: byte)
            case .escape: byte == UInt8(ascii: "u") ? .digits(4) : .between
            case .digits(let count): count == 1 ? .between : .digits(count - 1)
            case .bytes(let count): count == 1 ? .between : .bytes(count - 1)
            case .behind: nil
            }
        }

        private init?(from byte: UInt8) {
            switch byte {
            case CharacterCount.quote: self = .behind
            case UInt8(ascii: "\\"): self = .escape
            case 0x00..<0x80: self = .between
            case 0xC0..<0xE0: self = .bytes(1)
            case 0xE0..<0xF0: self = .bytes(2)
            case 0xF0...: self = .bytes(3)
            default: return nil
            }
        }
    }

    private static func phases(of automaton: ByteAutomaton) -> [Phase]? {
        guard !automaton.isEmpty else { return nil }
        var phases = [Phase?](repeating: nil, count: automaton.stateCount)
        phases[0] = .between
        var open: [Int32] = [0]
        while let state = open.popLast() {
            for byte in 0...255 as ClosedRange<UInt8> {
                let next = automaton.next(state, byte)
                guard next != ByteAutomaton.dead else { continue }
                guard let phase = phases[Int(state)]?.after(byte) else { return nil }
                if let known = phases[Int(next)] {
                    guard known == phase else { return nil }
                } else {
                    phases[Int(next)] = phase
                    open.append(next)
                }
            }
        }
        return phases.map { $0 ?? .behind }
    }

    /// Characters to the nearest end from each state: backwards from the ends, first through what begins none.
    private static func distances(in automaton: ByteAutomaton, _ isBetween: [Bool]) -> [Int32] {
        var free: [[Int32]] = Array(repeating: [], count: automaton.stateCount)
        var dear = free
        for state in 0..<Int32(automaton.stateCount) {
            for byte in 0...255 as ClosedRange<UInt8> {
                let next = automaton.next(state, byte)
                guard next != ByteAutomaton.dead else { continue }
                if isBetween[Int(state)], byte != quote {
                    if dear[Int(next)].last != state { dear[Int(next)].append(state) }
                } else if free[Int(next)].last != state {
                    free[Int(next)].append(state)
                }
            }
        }
        var distances = [Int32](repeating: -1, count: automaton.stateCount)
        var level = (0..<Int32(automaton.stateCount)).filter { automaton.accepting[Int($0)] }
        var distance: Int32 = 0
        while !level.isEmpty {
            var further: [Int32] = []
            while let state = level.popLast() {
                guard distances[Int(state)] < 0 else { continue }
                distances[Int(state)] = distance
                level += free[Int(state)]
                further += dear[Int(state)]
            }
            level = further
            distance += 1
        }
        return distances
    }
}
