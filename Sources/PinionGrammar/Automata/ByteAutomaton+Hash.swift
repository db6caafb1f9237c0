extension ByteAutomaton {
    /// Bytes of transitions that are hashed from the beginning, and number of places behind them that are.
    private static let hashedBytes = 4_096
    private static let hashedPlaces = 256

    /// Of a large automaton, its beginning and places spread over the rest: a date-time has a megabyte of transitions, and to
    /// hash them took longer than all else in the translation of a schema.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(stateCount)
        hasher.combine(classCount)
        classes.withUnsafeBytes { hasher.combine(bytes: $0) }
        transitions.withUnsafeBytes { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.hashedBytes)))
        }
        let start = Self.hashedBytes / MemoryLayout<Int32>.size
        guard transitions.count > start else { return }
        // Odd, so that the places do not fall on one class of bytes.
        let step = max(1, (transitions.count - start) / Self.hashedPlaces) | 1
        for place in stride(from: start, to: transitions.count, by: step) { hasher.combine(transitions[place]) }
    }
}
