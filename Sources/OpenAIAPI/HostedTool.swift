import PinionJSON
import PinionWire
import TextGeneration

/// A tool that OpenAI runs itself. This server cannot, so that it is left out and told of with a warning: agents list
/// such tools beside their own and do without them.
struct HostedTool {
    let type: String

    private static let types: Set<ProtocolWord> = [
        "apply_patch", "code_interpreter", "computer", "computer_use_preview", "file_search", "image_generation",
        "local_shell", "mcp", "programmatic_tool_calling", "shell", "tool_search", "web_search",
        "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11",
    ]

    /// - Returns: nil for a type that is not OpenAI's to run.
    init?(type: String) {
        guard Self.types.contains(ProtocolWord(type)) else { return nil }
        self.type = type
    }
}
