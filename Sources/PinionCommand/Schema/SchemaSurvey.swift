import PinionGrammar
import PinionJSON

/// What a schema says keyword by keyword, for people.
struct SchemaSurvey {
    /// Keywords without enforcement that are listed one by one.
    private static let maximumListed = 50

    let lines: [String]

    init(_ schema: JSONValue) {
        var enforced: [ProtocolWord: Int] = [:]
        var annotations: [ProtocolWord: Int] = [:]
        _ = SchemaPlaces.mapped(schema) { object in
            for member in object.members where !Self.isStructure(member.name) {
                let word = ProtocolWord(member.name)
                if SchemaGrammar.knows(member.name) {
                    enforced[word, default: 0] += 1
                } else {
                    annotations[word, default: 0] += 1
                }
            }
        }
        // What strict translation stops at, and lenient translation leaves out.
        let left = (try? SchemaGrammar.compile(schema, mode: .lenient))?.warnings ?? []
        for warning in left { enforced[ProtocolWord(warning.keyword)]? -= 1 }
        enforced = enforced.filter { $0.value > 0 }
        var lines: [String] = []
        if !enforced.isEmpty { lines.append("enforced: \(Self.list(enforced))") }
        if !annotations.isEmpty { lines.append("annotations: \(Self.list(annotations))") }
        lines += left.prefix(Self.maximumListed).map { warning in
            "not enforced: \(warning.pointer.isEmpty ? "the whole" : warning.pointer): \(warning.message)"
        }
        if left.count > Self.maximumListed { lines.append("not enforced: \(left.count - Self.maximumListed) more") }
        self.lines = lines
    }

    /// Whether a keyword names or identifies schemas, and says nothing of instances by itself.
    private static func isStructure(_ keyword: String) -> Bool {
        let word = ProtocolWord(keyword)
        return word == "definitions" || keyword.utf8.first == UInt8(ascii: "$") && word != "$ref"
    }

    private static func list(_ counts: [ProtocolWord: Int]) -> String {
        counts.sorted { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }
            .map { "\(JSONValue.quoted($0.key.text)) \($0.value)" }.joined(separator: ", ")
    }
}
