/// How many texts an automaton has left from each of its states.
///
/// Where names of members must differ, a name is begun only if one is left that the object does not have.
struct NameSupply: Sendable {
    /// Of a state from which there are endlessly many.
    static let endless = Int.max

    /// `[states]`
    private let counts: [Int]
    private let automaton: ByteAutomaton

    init(_ automaton: ByteAutomaton) {
        self.automaton = automaton
        // From the states without transitions backwards; a state in or before a cycle never has all its targets done. Every
        // state reaches an accepting one, so that a cycle makes endlessly many texts.
        var waiting = [Int](repeating: 0, count: automaton.stateCount)
        var sources = [[Int]](repeating: [], count: automaton.stateCount)
        var bytesOfClass = [Int](repeating: 0, count: automaton.classCount)
        for byte in 0...255 { bytesOfClass[Int(automaton.classes[byte])] += 1 }
        for state in 0..<automaton.stateCount {
            for column in 0..<automaton.classCount {
                let target = automaton.transitions[state * automaton.classCount + column]
                guard target != ByteAutomaton.dead else { continue }
                waiting[state] += 1
                sources[Int(target)].append(state)
            }
        }
        var counts = [Int](repeating: Self.endless, count: automaton.stateCount)
        var done = (0..<automaton.stateCount).filter { waiting[$0] == 0 }
        while let state = done.popLast() {
            var count = automaton.accepting[state] ? 1 : 0
            for column in 0..<automaton.classCount {
                let target = automaton.transitions[state * automaton.classCount + column]
                guard target != ByteAutomaton.dead else { continue }
                let (texts, overflow) = counts[Int(target)].multipliedReportingOverflow(by: bytesOfClass[column])
                count = overflow ? Self.endless : min(count.addingReportingOverflow(texts).partialValue, Self.endless)
                if overflow || count < 0 { count = Self.endless }
                if count == Self.endless { break }
            }
            counts[state] = count
            for source in sources[state] {
                waiting[source] -= 1
                if waiting[source] == 0 { done.append(source) }
            }
        }
        self.counts = counts
    }

    func isEndless(_ state: Int32) -> Bool { counts[Int(state)] == Self.endless }

    /// Whether a text is left from a state on.
    ///
    /// - Parameter taken: What the texts that are taken have from there on, each once.
    func isLeft(_ state: Int32, taken: [[UInt8]]) -> Bool {
        let count = counts[Int(state)]
        guard count <= taken.count else { return true }
        return taken.count { automaton.accepts($0, from: state) } < count
    }
}
