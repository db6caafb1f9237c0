import PinionJSON
import PinionWire
import TextGeneration

/// A tool that Anthropic defines, and mostly runs, itself. This server knows none of them, so that it is left out and
/// told of with a warning: agents list such tools beside their own and do without them.
struct HostedTool {
    let type: String

    /// What the types begin with; most end with a date (`web_search_20250305`).
    private static let families = [
        "advisor", "agent_toolset", "bash", "browser_toolset", "code_execution", "computer", "mcp_toolset", "memory",
        "text_editor", "tool_search_tool", "web_fetch", "web_search",
    ].map { Array($0.utf8) }

    /// - Returns: nil for a type that is not Anthropic's.
    init?(type: String) {
        let isKnown = Self.families.contains { family in
            guard type.utf8.starts(with: family) else { return false }
            let rest = type.utf8.dropFirst(family.count)
            return rest.first.map { $0 == UInt8(ascii: "_") } ?? true
        }
        guard isKnown else { return nil }
        self.type = type
    }
}
