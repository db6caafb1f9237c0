import PinionGrammar
import PinionJSON
import TextGeneration

/// What tools' schemas say of all arguments together.
enum ToolSchema {
    /// A schema of the arguments that says that they are an object.
    ///
    /// - Parameter schema: nil for a tool that takes no arguments.
    /// - Throws: ``GrammarError`` of `invalid` when the arguments are no object.
    static func object(_ schema: JSONValue?) throws(GrammarError) -> JSONValue {
        switch schema {
        case nil: return .object(JSONObject([.init(name: "type", value: "object"), noOthers]))
        case .object(let object)?:
            guard let type = object["type"] else {
                return .object(JSONObject(object.members + [.init(name: "type", value: "object")]))
            }
            guard type == "object" else {
                throw GrammarError(.invalid, "the arguments of a tool are an object", pointer: "/type")
            }
            return .object(object)
        case .bool(true)?: return .object(JSONObject([.init(name: "type", value: "object")]))
        default: throw GrammarError(.invalid, "the schema of a tool's arguments is an object", pointer: "")
        }
    }

    private static let noOthers = JSONObject.Member(name: "additionalProperties", value: .bool(false))
}
