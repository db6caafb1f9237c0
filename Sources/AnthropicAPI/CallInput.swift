import PinionJSON
import PinionWire

/// The input of a call, which has to be an object.
enum CallInput {
    /// The input of a call without arguments.
    static let none = Array("{}".utf8)

    /// Arrays and objects around the input in the body that brings it back: body, messages, message, content, block.
    private static let enclosingDepth = 5

    private static let limits = JSONLimits(
        depth: JSONLimits.body.depth - enclosingDepth, values: JSONLimits.body.values)

    /// Whether arguments are a whole JSON object, and one that is accepted when it comes back.
    static func isObject(_ arguments: [UInt8]) -> Bool {
        if case .object? = try? JSONValue.parse(arguments, limits: limits) { true } else { false }
    }
}
