/// What a JSON text may claim of the process that reads it; the caller gives the limits, because a request's body and a
/// tokenizer's file differ by orders of magnitude.
package struct JSONLimits: Sendable, Equatable {
    /// Deepest nesting of arrays and objects; it bounds the recursion of code that walks the value.
    package var depth: Int
    /// Most values in one text; it bounds the memory that a small text can claim.
    package var values: Int
    /// Longest spelling of a number, in bytes.
    package var numberLength: Int
    /// Longest name of an object's member, in bytes.
    package var nameLength: Int

    package init(depth: Int, values: Int, numberLength: Int = 1_024, nameLength: Int = 1_024) {
        self.depth = depth
        self.values = values
        self.numberLength = numberLength
        self.nameLength = nameLength
    }
}
