import Foundation
import PinionGrammar
import PinionJSON
import Testing

private let suiteDirectory = ProcessInfo.processInfo.environment["PINION_JSON_SCHEMA_SUITE"]

/// Scores the JSON-Schema-Test-Suite, which is no part of the repository: `PINION_JSON_SCHEMA_SUITE` names its
/// directory of tests, the one that holds `draft2020-12`.
@Suite("JSON-Schema-Test-Suite", .enabled(if: suiteDirectory != nil))
struct SchemaSuiteTests {
    /// What became of an instance, or of a group of them.
    enum Outcome: String, CaseIterable {
        /// Accepted if and only if it is valid.
        case exact
        /// Valid and not accepted.
        case overStrict
        /// The schema was refused.
        case refused
        /// Accepted and not valid.
        case wrong
    }

    struct Score {
        var groups: [Outcome: Int] = [:]
        var instances: [Outcome: Int] = [:]
        var notes: [String] = []

        mutating func add(_ outcomes: [Outcome]) {
            for outcome in outcomes { instances[outcome, default: 0] += 1 }
            let worst = [Outcome.wrong, .refused, .overStrict].first(where: outcomes.contains) ?? .exact
            groups[worst, default: 0] += 1
        }

        func line(_ title: String) -> String {
            func counts(_ table: [Outcome: Int]) -> String {
                let total = table.values.reduce(0, +)
                return Outcome.allCases
                    .map { "\($0.rawValue) \(table[$0, default: 0])" }.joined(separator: ", ") + " of \(total)"
            }
            return "\(title): groups: \(counts(groups)); instances: \(counts(instances))"
        }
    }

    @Test("No instance that a schema rejects is accepted", arguments: ["draft2020-12", "draft7"])
    func scores(draft: String) throws {
        let root = URL(filePath: try #require(suiteDirectory)).appending(path: draft)
        var score = Score()
        let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
        for name in names where name.hasSuffix(".json") {
            let bytes = [UInt8](try Data(contentsOf: root.appending(path: name)))
            guard case .array(let groups) = try JSONValue.parse(bytes, limits: SchemaCheck.limits) else { continue }
            var own = Score()
            for group in groups { try Self.score(group, name, &own, &score) }
            print(own.line("  \(draft)/\(name)"))
        }
        print(score.line(draft))
        for note in score.notes { print("  " + note) }
        let total = score.groups.values.reduce(0, +)
        #expect(total > 100)
        #expect(score.instances[.wrong, default: 0] == 0)
        #expect(score.groups[.exact, default: 0] * 100 >= total * 60)
        #expect(score.groups[.overStrict, default: 0] * 100 <= total * 8)
    }

    private static func score(
        _ group: JSONValue, _ file: String, _ own: inout Score, _ score: inout Score
    ) throws {
        guard case .object(let group) = group, let schema = group["schema"], case .array(let tests)? = group["tests"],
            case .string(let title)? = group["description"]
        else { throw GrammarError(.invalid, "no group of tests") }
        var outcomes: [Outcome] = []
        let grammar: SchemaGrammar?
        do {
            grammar = try SchemaGrammar.compile(schema, mode: .strict)
        } catch {
            // A schema without instances is refused because nothing can be said, which is what its tests expect.
            grammar = nil
            if error.code != .unsatisfiable { score.notes.append("\(file): \(title): \(error)") }
            outcomes = tests.map { test in
                guard error.code == .unsatisfiable, case .object(let test) = test else { return .refused }
                return test["valid"] == .bool(false) ? .exact : .overStrict
            }
        }
        if let grammar {
            let spelling = try InstanceSpelling(schema, mode: .strict)
            for case .object(let test) in tests {
                let data = test["data"] ?? .null
                var matcher = GrammarMatcher(grammar.grammar)
                let text = try spelling.text(of: data)
                let isAccepted = matcher.read(text) == .accepted
                let isValid = test["valid"] == .bool(true)
                let outcome: Outcome = isAccepted == isValid ? .exact : isValid ? .overStrict : .wrong
                outcomes.append(outcome)
                guard outcome != .exact, case .string(let name)? = test["description"] else { continue }
                let shown = String(decoding: text.prefix(80), as: UTF8.self)
                score.notes.append("\(file): \(title): \(name): \(outcome.rawValue): \(shown)")
            }
        }
        own.add(outcomes)
        score.add(outcomes)
    }
}
