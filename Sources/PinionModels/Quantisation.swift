import PinionTensor

/// What the float weights of a model are rounded to as they are packed.
package enum Quantisation: String, Sendable, CaseIterable {
    case q8_0, q4_0

    /// The rows of the embedding are looked up one by one, and choose the token where it is the output head too: they keep
    /// eight bits.
    func type(isTable: Bool) -> TensorType { self == .q8_0 || isTable ? .q8_0 : .q4_0 }
}
