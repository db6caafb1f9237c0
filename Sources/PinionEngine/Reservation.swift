/// Places in an engine's queue for the choices of a request whose prompt is still being made.
///
///     let reservation = try engine.reserve(3)
///     let prompt = try await tokenize(texts)               // throws: the three places are free again
///     try engine.submit(request(prompt), reservation)      // throws: the same; else the engine frees them one by one
///
/// The places cannot be forgotten: a reservation that is dropped gives them back, and one that was submitted cannot be
/// submitted again.
package struct Reservation: ~Copyable, Sendable {
    /// How many choices have a place; 0 once the engine has them.
    package private(set) var choices: Int
    private let pending: PendingSequences

    init?(_ choices: Int, of pending: PendingSequences, limit: Int) {
        guard pending.add(choices, limit: limit) else { return nil }
        self.choices = choices
        self.pending = pending
    }

    deinit {
        if choices > 0 { pending.remove(choices) }
    }

    func isOf(_ pending: PendingSequences) -> Bool { self.pending === pending }

    /// Leaves the places to the engine, which gives back each with its sequence's end.
    consuming func handOver() {
        choices = 0
    }
}
