/// Counts the work of tokenizing and stops for its owner after every ``slice`` of it.
///
/// The owner may let other prompts go first, or end the work by throwing:
///
///     let meter = EncodingMeter { _ throws(TokenizerError) in
///         if isAbandoned { throw TokenizerError(.abandoned, "nobody waits") }
///     }
///
/// A unit of work is a byte that is tokenized, which takes 50 to 150 ns. Used by one thread at a time.
package final class EncodingMeter {
    /// Units between two stops: 2 to 4 ms, so that the owner is asked soon and seldom.
    package static let slice = 32 << 10
    /// Turns of a tight loop that are counted at once.
    static let stride = 4096

    private let onSlice: ((_ work: Int) throws(TokenizerError) -> Void)?
    private var pending = 0

    /// - Parameter onSlice: Told how much was done since its last call.
    package init(onSlice: @escaping (_ work: Int) throws(TokenizerError) -> Void) {
        self.onSlice = onSlice
    }

    /// A meter that never stops.
    package init() {
        onSlice = nil
    }

    package func count(_ work: Int) throws(TokenizerError) {
        guard let onSlice else { return }
        pending += work
        guard pending >= Self.slice else { return }
        let done = pending
        pending = 0
        try onSlice(done)
    }
}
