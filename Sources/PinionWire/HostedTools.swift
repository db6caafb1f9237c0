package import TextGeneration

// What a client is told of a tool that the company of its dialect runs itself, and this server cannot.
extension GenerationWarning {
    /// - Parameters:
    ///   - type: The tool's.
    ///   - index: The tool's place in `tools`.
    package static func hostedTool(_ type: String, at index: Int) -> GenerationWarning {
        GenerationWarning(
            keyword: "tools", pointer: "/tools/\(index)",
            message: "the hosted tool '\(APIError.quoted(type))' cannot be run here and is left out")
    }
}

extension APIError {
    /// A choice that demands such a tool.
    ///
    /// - Parameter name: The tool as the choice names it.
    package static func hostedTool(_ name: String, at path: String) -> APIError {
        .unsupportedValue(path, got: "'\(quoted(name))'", "Hosted tools cannot be run here.")
    }
}
