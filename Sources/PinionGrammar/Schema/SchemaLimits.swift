/// What one schema may cost to translate.
package enum SchemaLimits {
    /// Most subschemas, those that constants and conditions are turned into included.
    package static let nodes = 200_000
    /// Deepest chain of references and applicators that look at one and the same value.
    package static let inPlaceDepth = 128
    /// Most different combinations of subschemas that values have to satisfy together.
    package static let conjunctions = 100_000
    /// Most alternatives of one combination; a shape is one way in which values of one type satisfy it.
    package static let shapes = 20_000
    /// Most pairs of alternatives that one translation may bring together or hold apart.
    package static let steps = 1_000_000
    /// Most states of the network of one array or object.
    package static let networkStates = 50_000
    /// Largest count of elements or members that is told apart. A larger `maxItems` or `maxProperties` acts as this
    /// one; a larger `minItems` or `minProperties` is refused.
    package static let count = 4_096
    /// Most classes that the patterns of an object may divide its free names into.
    package static let nameClasses = 256
    /// Most names without declaration that are required and yet may come in any order; more come in the order written.
    package static let unorderedNames = 5
    /// Most conditions of an array or object of which some element or member has to meet each.
    package static let demands = 8
    /// Most values of `uniqueItems` whose use is remembered one by one.
    package static let uniqueValues = 10
    /// Most combinations of branches of one `anyOf` under an `unevaluated` keyword.
    package static let branchSets = 64
    /// Depth to which values are followed in search of what holds two branches apart.
    package static let proofDepth = 4
    /// Most states of a pattern or format times the length of its strings with which lengths are told apart by an
    /// automaton's states; more are counted beside it.
    package static let lengthStates = 2_000
    /// Longest string that is counted by an automaton's states where it has to match a pattern too.
    package static let automatonLength = 1 << 16
    /// Longest string between marks of several bytes whose characters are counted.
    package static let plainLength = 256
    /// Most assertions that lenient translation leaves out.
    package static let omissions = 256
}
