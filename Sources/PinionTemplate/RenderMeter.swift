/// Counts the work of rendering and stops for its owner after every ``slice`` of it.
///
/// The owner may let other prompts go first, or end the work by throwing:
///
///     let meter = RenderMeter { _ throws(TemplateError) in
///         if isAbandoned { throw TemplateError(.abandoned, "nobody waits") }
///     }
///
/// A unit of work is an evaluation step of a template, which takes 50 to 150 ns. Used by one thread at a time.
package final class RenderMeter {
    /// Units between two stops: 2 to 4 ms, so that the owner is asked soon and seldom.
    package static let slice = 32 << 10
    /// Turns of a tight loop that are counted at once.
    static let stride = 4096

    private let onSlice: ((_ work: Int) throws(TemplateError) -> Void)?
    private var pending = 0

    /// - Parameter onSlice: Told how much was done since its last call.
    package init(onSlice: @escaping (_ work: Int) throws(TemplateError) -> Void) {
        self.onSlice = onSlice
    }

    /// A meter that never stops.
    package init() {
        onSlice = nil
    }

    package func count(_ work: Int) throws(TemplateError) {
        guard let onSlice else { return }
        pending += work
        guard pending >= Self.slice else { return }
        let done = pending
        pending = 0
        try onSlice(done)
    }
}
