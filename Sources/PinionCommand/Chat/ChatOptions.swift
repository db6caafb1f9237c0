import ArgumentParser
import Foundation
import PinionJSON
import PinionTerminal
import TextGeneration

/// What `pinion run` and `pinion chat` have in common: how replies are to be.
struct ChatOptions: ParsableArguments {
    /// Bytes of a schema's file.
    private static let maximumSchema = 4 << 20

    @Option(help: ArgumentHelp("What the model is told before the conversation (default: nothing).", valueName: "text"))
    var system: String?
    @Option(help: ArgumentHelp("0 takes the likeliest token (default: the model's).", valueName: "number"))
    var temperature: String?
    @Option(help: ArgumentHelp("Share of the likeliest tokens that are drawn from (default: 1).", valueName: "number"))
    var topP: String?
    @Option(
        help: ArgumentHelp("Number of the likeliest tokens that are drawn from (default: all).", valueName: "count"))
    var topK: String?
    @Option(help: ArgumentHelp("Least share of the likeliest token's probability (default: 0).", valueName: "number"))
    var minP: String?
    @Option(help: ArgumentHelp("Tokens of a reply at most (default: until it ends).", valueName: "count"))
    var maxTokens: String?
    @Option(help: ArgumentHelp("Equal seeds give equal text (default: another one each time).", valueName: "number"))
    var seed: String?
    @Option(help: ArgumentHelp("Text that ends a reply before it; may be repeated (default: none).", valueName: "text"))
    var stop: [String] = []
    @Option(help: ArgumentHelp("Whether the model thinks, on or off (default: as the model does).", valueName: "word"))
    var thinking: String?
    @Option(
        help: ArgumentHelp("How much it thinks: low, medium, high (default: as the model does).", valueName: "word"))
    var effort: String?
    @Flag(help: "The reply is a JSON object.") var json = false
    @Option(help: ArgumentHelp("The reply is JSON that this JSON Schema accepts (default: none).", valueName: "file"))
    var schema: String?
    @Flag(help: "Write the reply's very bytes, control characters too; not to a terminal.") var raw = false

    func validate() throws {
        guard !json || schema == nil else {
            throw ValidationError(
                "--json and --schema exclude each other: a schema says already that the reply is JSON")
        }
        do {
            _ = try parameters()
        } catch { throw ValidationError("\(error)") }
    }

    /// Whether the reply is JSON.
    var isJSON: Bool { json || schema != nil }

    func settings() throws -> ChatSettings {
        var settings = try parameters()
        if json { settings.format = .jsonObject }
        if let schema {
            let bytes = try [UInt8](FileContents.of(schema, kind: "schema", limit: Self.maximumSchema))
            do {
                settings.format = .jsonSchema(
                    try JSONValue.parse(bytes, limits: JSONLines.limits), isStrict: true)
            } catch { throw CommandFailure("the schema \(schema) is not JSON: \(error)") }
        }
        return settings
    }

    private func parameters() throws -> ChatSettings {
        var settings = ChatSettings()
        settings.system = system
        let values = [
            ("temperature", temperature), ("top-p", topP), ("top-k", topK), ("min-p", minP), ("max-tokens", maxTokens),
            ("seed", seed), ("thinking", thinking), ("effort", effort),
        ]
        for (name, value) in values {
            guard let value, let parameter = ChatParameter.named(name) else { continue }
            try parameter.set(value, in: &settings, place: "--\(name)")
        }
        guard stop.allSatisfy({ !$0.isEmpty }) else { throw CommandFailure("--stop: expected a text, found none") }
        settings.stop = stop
        return settings
    }
}
