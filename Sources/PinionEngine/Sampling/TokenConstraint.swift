/// What one choice may say: a schema, a grammar, a tool's arguments.
///
/// The sampler asks for the mask once for each token that it draws, after the model's own numbers were reported and checked,
/// and after bias and penalties; temperature and cuts see the allowed tokens only. A reply that nothing is allowed to go on
/// with ends with ``SequenceOutcome/Reason/nothingAllowed``, which says nothing of the model.
///
/// A class, because it is the state of one choice. The engine's thread alone calls it, in the order of the tokens; drafts
/// that were not drawn are never told to it.
///
///     final class OnlyDigits: TokenConstraint {
///         func markAllowed(in mask: inout TokenMask) { for id in digits { mask[id] = true } }
///         func advance(_ token: Int32) {}
///     }
package protocol TokenConstraint: AnyObject, Sendable {
    /// Marks the tokens that may come next, end tokens among them if the reply may end.
    ///
    /// - Parameter mask: Allows nothing when it comes in.
    func markAllowed(in mask: inout TokenMask)

    /// Takes note of the token that was drawn, end tokens excepted.
    func advance(_ token: Int32)

    /// The tokens that alone are allowed from here on, as far as they are known.
    ///
    /// They are computed ahead like guesses, in one step. Each is still drawn under its own mask, and so takes its
    /// position's random number like any other: what follows does not depend on how many were known.
    func forced(atMost limit: Int) -> [Int32]
}

extension TokenConstraint {
    package func forced(atMost limit: Int) -> [Int32] { [] }
}
