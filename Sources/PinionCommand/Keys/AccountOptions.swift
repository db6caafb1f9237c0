import ArgumentParser
import PinionLedger
import PinionStore

/// Which models something may use.
struct ModelPatternOptions<Use: OptionUse>: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A model that may be used, any number of times; * stands for any text\(Use.fallback("all")).",
            valueName: "pattern"))
    var texts: [String] = []

    /// The patterns; nil without any.
    func patterns() throws -> [ModelPattern]? {
        if case .set(let patterns) = try change() { patterns } else { nil }
    }

    /// The patterns, all of which are replaced; `none` alone takes them away.
    func change() throws -> FieldChange<[ModelPattern]> {
        if texts.isEmpty { return .keep }
        if texts == ["none"] { return .unset }
        return .set(try texts.map { try ModelPattern.argument($0, "--model") })
    }
}

extension ModelPattern {
    /// - Parameter name: What the command calls the argument.
    /// - Throws: ``CommandFailure`` that names it.
    static func argument(_ text: String, _ name: String) throws -> ModelPattern {
        guard let pattern = ModelPattern(text) else {
            throw CommandFailure(
                "\(name): expected a model's id or a pattern such as 'qwen/*', of 1 to \(ModelPattern.maximumBytes) bytes"
            )
        }
        return pattern
    }
}

/// Pairs that the operator wants kept.
struct MetadataOptions<Use: OptionUse>: ParsableArguments {
    @Option(
        name: .customLong("metadata"),
        help: ArgumentHelp(
            "A pair to keep, any number of times; NAME= takes one away\(Use.fallback("none")).",
            valueName: "name=value"))
    var texts: [String] = []

    func values() throws -> [String: String] {
        try changes().compactMapValues { $0 }
    }

    /// Nil takes a pair away.
    func changes() throws -> [String: String?] {
        try texts.reduce(into: [:]) { pairs, text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let name = parts.first, !name.isEmpty else {
                throw CommandFailure("--metadata: expected NAME=VALUE, found '\(text)'")
            }
            guard pairs[name] == nil else { throw CommandFailure("--metadata: '\(name)' is given twice") }
            pairs[name] = .some(parts[1].isEmpty ? nil : parts[1])
        }
    }
}

extension KeyStore {
    /// What an option that names an owner says; `none` is no owner.
    ///
    /// - Throws: ``CommandFailure`` for a name that is not there but near to one; the store refuses the others.
    func owner(_ text: String?) throws -> FieldChange<String> {
        try change(text, "owner", known: owners.list().map(\.name))
    }

    /// What an option that names a policy says; `none` is no policy.
    func policy(_ text: String?) throws -> FieldChange<String> {
        try change(text, "policy", known: policies.list().map(\.name))
    }

    /// The name of an owner that a command is about.
    func knownOwner(_ text: String) throws -> String { try owner(text).value ?? text }

    func knownPolicy(_ text: String) throws -> String { try policy(text).value ?? text }

    private func change(
        _ text: String?, _ kind: String, known: @autoclosure () throws -> [String]
    ) throws -> FieldChange<String> {
        guard let text else { return .keep }
        if text == StoredText.reservedName { return .unset }
        let known = try known()
        if !known.contains(text), let near = NearestName.of(text, among: known) {
            throw CommandFailure("no \(kind) is called '\(text)'; did you mean '\(near)'?")
        }
        return .set(text)
    }
}

extension FieldChange {
    var value: Value? {
        if case .set(let value) = self { value } else { nil }
    }
}
