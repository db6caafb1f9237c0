import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Each way a folder can fail to be a model that this build runs, made from a sound one.
@Suite("Folders that cannot be used")
struct FolderErrorTests {
    typealias Change = @Sendable (URL) throws -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [String]
        var change: Change

        init(_ name: String, _ words: String..., change: @escaping Change) {
            (testDescription, self.words, self.change) = (name, words, change)
        }
    }

    private static func config(_ key: String, _ value: (any Sendable)?) -> Change {
        { url in
            let file = url.appending(path: "config.json")
            var object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
            object[key] = value
            try JSONSerialization.data(withJSONObject: object).write(to: file)
        }
    }

    private static func text(_ name: String, _ text: String) -> Change {
        { url in try Data(text.utf8).write(to: url.appending(path: name)) }
    }

    private static func index(_ text: String) -> Change {
        { url in
            let weights = url.appending(path: "model.safetensors")
            try FileManager.default.moveItem(at: weights, to: url.appending(path: "part.safetensors"))
            try Data(text.utf8).write(to: url.appending(path: "model.safetensors.index.json"))
        }
    }

    static let cases: [Case] = [
        Case("no configuration", "is a folder without config.json") { url in
            try FileManager.default.removeItem(at: url.appending(path: "config.json"))
        },
        Case("a configuration that is no JSON", "config.json: is not JSON", change: text("config.json", "{\"a\": }")),
        Case("a configuration that is a list", "is no JSON object", change: text("config.json", "[1]")),
        Case("no weights", "has neither model.safetensors nor model.safetensors.index.json") { url in
            try FileManager.default.removeItem(at: url.appending(path: "model.safetensors"))
        },
        Case("an unknown model", "model_type 'mamba' is not supported", "llama", change: config("model_type", "mamba")),
        Case("no model type", "has no model_type", change: config("model_type", nil)),
        Case("an unknown activation", "'hidden_act' \"relu6\" is not supported", change: config("hidden_act", "relu6")),
        Case(
            "quantised by GPTQ", "of the kind 'gptq'", change: config("quantization_config", ["quant_method": "gptq"])),
        Case(
            "quantised by bitsandbytes", "of the kind 'bitsandbytes'",
            change: config("quantization_config", ["quant_method": "bitsandbytes", "load_in_4bit": "true"])),
        Case("an unknown scaling", "\"ntk\" is not supported", change: config("rope_parameters", ["rope_type": "ntk"])),
        Case("a key of two lines", "'a\\nb' is 1, which this build does not know", change: config("a\nb", 1)),
        Case("a key that drives a terminal", "'\\u{1B}[2J' is 1", change: config("\u{1b}[2J", 1)),
        Case(
            "a tensor of two lines", "tensor 'a\\nb' has no place in this build",
            change: { url in
                try FamilyFixture.named("llama-a").write(.new, .f32, to: url) { _, tensors in
                    tensors.append(("a\nb", tensors[0].tensor))
                }
            }),
        Case("text for a number", "'hidden_size' is \"wide\"", change: config("hidden_size", "wide")),
        Case("a fraction for a count", "'num_hidden_layers' is 2.5", change: config("num_hidden_layers", 2.5)),
        Case("a huge count", "'num_hidden_layers' is 1000000000", change: config("num_hidden_layers", 1_000_000_000)),
        Case("a negative width", "'hidden_size' is -96", change: config("hidden_size", -96)),
        Case("more tokens than rows", "has 320 rows, expected vocab_size", change: config("vocab_size", 400)),
        Case("fewer tokens than rows", "has 320 rows, expected vocab_size", change: config("vocab_size", 300)),
        Case(
            "a layer more", "model.layers.3.input_layernorm.weight' of shape [96] is missing",
            change: config("num_hidden_layers", 4)),
        Case("a layer less", "model.layers.2.", "has no place", change: config("num_hidden_layers", 2)),
        Case("heads that cannot share", "6 attention heads cannot share 4", change: config("num_key_value_heads", 4)),
        Case("an odd head", "15 keys", change: config("head_dim", 15)),
        Case(
            "an index that names another folder", "is no plain name inside the folder",
            change: index(#"{"weight_map": {"a": "../model.safetensors"}}"#)),
        Case("an index that names a path", "is no plain name", change: index(#"{"weight_map": {"a": "/etc/passwd"}}"#)),
        Case("an index without a map", "has no object 'weight_map'", change: index("{}")),
        Case("an empty map", "names 0 files", change: index(#"{"weight_map": {}}"#)),
        Case(
            "a file that is missing", "gone.safetensors: cannot be opened",
            change: index(#"{"weight_map": {"a": "gone.safetensors"}}"#)),
        Case(
            "a tensor that the file lacks", "does not hold tensor 'nowhere'",
            change: index(#"{"weight_map": {"nowhere": "part.safetensors"}}"#)),
        Case(
            "weights that are text", "model.safetensors: is no safetensors file",
            change: text("model.safetensors", "no model at all")),
        Case("weights that are empty", "model.safetensors: is empty", change: text("model.safetensors", "")),
        Case("weights cut short", "truncated") { url in
            let file = url.appending(path: "model.safetensors")
            try Data(contentsOf: file).dropLast(100).write(to: file)
        },
    ]

    @Test("Each failure is named, with what was found", arguments: cases)
    func failure(_ item: Case) throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            try FamilyFixture.named("llama-a").write(.new, .f32, to: url)
            try item.change(url)
            let path = url.path(percentEncoded: false)
            let error = #expect(throws: ModelError.self) {
                _ = try ModelFixtures.load(path, kernels: .forThisMachine())
            }
            let message = error?.message ?? ""
            #expect(message.contains(url.lastPathComponent), "\(message)")
            #expect(!message.contains("\n") && message.utf8.count < 1_000, "\(message)")
            for word in item.words { #expect(message.contains(word), "\(message)") }
        }
    }

    @Test("A message shows the ends of itself where a long name stands in it")
    func longName() throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            try FamilyFixture.named("llama-a").write(.new, .f32, to: url)
            // As long as a name may be, and six times as many scalars once they are escaped.
            try Self.config(String(repeating: "\u{85}", count: 512), 1)(url)
            let error = #expect(throws: ModelError.self) {
                _ = try ModelFixtures.load(url.path(percentEncoded: false), kernels: .forThisMachine())
            }
            let message = error?.message ?? ""
            #expect(message.contains(url.lastPathComponent) && message.contains("which this build does not know"))
            #expect(message.utf8.count < 4096, "\(message.utf8.count) bytes")
        }
    }

    @Test("Files that follow each other hold the model as one does, also behind symbolic links")
    func shards() throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let fixture = try FamilyFixture.named("qwen3-a")
            let path = url.path(percentEncoded: false)
            try fixture.write(.new, .f32, to: url)
            let expected = try FamilyOracleTests.rows(path, kernels: .forThisMachine())
            let digest = try ModelPackage(path: path).digest(team: WorkerTeam(workers: 2))
            let half = fixture.tensors.count / 2
            var map: [String: String] = [:]
            for (file, part) in [
                ("b.safetensors", fixture.tensors[..<half]), ("a.safetensors", fixture.tensors[half...]),
            ] {
                let writer = SafetensorsWriter(
                    tensors: part.map {
                        .init(
                            name: fixture.spelled($0.name, .new), type: "BF16", shape: $0.shape,
                            data: fixture.bytes($0, .bf16))
                    })
                for tensor in writer.tensors { map[tensor.name] = file }
                let stored = url.appending(path: "blob-\(file)")
                try writer.bytes().write(to: stored)
                try FileManager.default.createSymbolicLink(
                    at: url.appending(path: file), withDestinationURL: stored)
            }
            try FileManager.default.removeItem(at: url.appending(path: "model.safetensors"))
            try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(
                to: url.appending(path: "model.safetensors.index.json"))
            #expect(try FamilyOracleTests.rows(path, kernels: .forThisMachine()) == expected)
            #expect(try ModelPackage(path: path).digest(team: WorkerTeam(workers: 1)) != digest)
        }
    }
}
