import Foundation
import PinionCommand
import Testing

@Suite("Settings")
struct SettingTests {
    /// A value of each setting that is not its default.
    static let values: [Setting.Name: String] = [
        .model: "house/model=smollm2/135m-instruct", .alias: "other=house/model", .host: "localhost", .port: "9001",
        .apiKey: "sk-of-a-test-0123456789",
        .adminKey: "an-admin-key-of-a-test", .noAuth: "true", .context: "4096", .maxSequences: "3", .maxWaiting: "5",
        .kvType: "q8", .quantize: "q8_0",
        .chatTemplate: "chatml", .generationConfig: "model", .threads: "1",
        .memory: "64M", .offline: "true", .allowedHost: "pinion.example", .allowUnknownFields: "true",
        .reasoningField: "reasoning", .toolFormat: "hermes", .logLevel: "debug",
        .dataDirectory: "/nowhere/pinion", .durability: "power", .timeZone: "Asia/Tokyo",
        .currency: "EUR",
    ]

    /// All that the program would be set up with, as text.
    private static func settings(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) throws -> String {
        String(describing: try PinionProgram.serveSettings(arguments, environment: environment))
    }

    private static func arguments(_ setting: Setting, _ value: String) -> [String] {
        if case .toggle = setting.kind { [setting.flag] } else { [setting.flag, value] }
    }

    /// Runs `body` with the path of a settings file of that content.
    private static func withFile<Result>(_ content: String, _ body: (String) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(content.utf8).write(to: file)
        return try body(file.path(percentEncoded: false))
    }

    @Test("The table has one row for each name")
    func rows() {
        #expect(Setting.table.map(\.name.rawValue).sorted() == Setting.Name.allCases.map(\.rawValue).sorted())
    }

    @Test("The help shows the flags of the table in its order, and no other but --config, --version and --help")
    func flags() {
        let help = PinionProgram.help(of: ["serve"], columns: 200)
        let shown = help.matches(of: /(?m)^  (?:-h, )?(--[a-z-]+)/).map { String($0.1) }
        #expect(shown == Setting.table.map(\.flag) + ["--config", "--version", "--help"])
    }

    @Test("A flag, a variable and an entry of the file set the same", arguments: Setting.Name.allCases)
    func sources(_ name: Setting.Name) throws {
        let setting = Setting.of(name)
        let value = try #require(Self.values[name])
        let expected = try Self.settings(Self.arguments(setting, value))
        let (unset, variable) = (try Self.settings(), try Self.settings([], [setting.variable: value]))
        #expect(expected != unset && variable == expected)
        try Self.withFile(#"{"\#(name.rawValue)": "\#(value)"}"#) { file throws in
            let byFlag = try Self.settings(["--config", file])
            let byVariable = try Self.settings([], ["PINION_CONFIG": file])
            #expect(byFlag == expected && byVariable == expected)
        }
    }

    @Test("A flag wins over a variable, and a variable over the file")
    func precedence() throws {
        try Self.withFile(#"{"port": 1001, "context": 1000, "threads": 1}"#) { file throws in
            let found = try Self.settings(
                ["--port", "1003", "--config", file], ["PINION_PORT": "1002", "PINION_CONTEXT": "2000"])
            let expected = try Self.settings(["--port", "1003", "--context", "2000", "--threads", "1"])
            #expect(found == expected)
        }
    }

    @Test("Numbers are taken up to both ends of their range, and refused beyond by the name of their place")
    func ranges() throws {
        var checked = 0
        for setting in Setting.table {
            guard case .integer(let range) = setting.kind else { continue }
            checked += 1
            for number in [range.lowerBound, range.upperBound] {
                _ = try Self.settings([], [setting.variable: "\(number)"])
            }
            for text in ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "1.5", "many"] {
                let expected =
                    "expected a whole number from \(range.lowerBound) to \(range.upperBound), found '\(text)'"
                let error = #expect(throws: (any Error).self) { try Self.settings([], [setting.variable: text]) }
                #expect(error.map { "\($0)" } == "\(setting.variable): \(expected)")
                try Self.withFile(#"{"\#(setting.name.rawValue)": "\#(text)"}"#) { file throws in
                    let error = #expect(throws: (any Error).self) { try Self.settings(["--config", file]) }
                    #expect(error.map { "\($0)" } == "'\(setting.name.rawValue)' in \(file): \(expected)")
                }
            }
        }
        #expect(checked > 4)
    }

    @Test("Words are taken in letters of any case, and others are refused with the words that there are")
    func words() throws {
        for setting in Setting.table {
            guard case .word(let words) = setting.kind else { continue }
            for word in words {
                #expect(
                    try Self.settings([], [setting.variable: word.uppercased()])
                        == Self.settings([], [setting.variable: word]))
            }
            let error = #expect(throws: (any Error).self) { try Self.settings([], [setting.variable: "loud"]) }
            #expect(
                error.map { "\($0)" }
                    == "\(setting.variable): expected one of \(words.joined(separator: ", ")), found 'loud'")
        }
    }

    @Test("The variable of a list is divided by commas, and that of a key is one key")
    func lists() throws {
        #expect(
            try Self.settings([], ["PINION_ALLOWED_HOST": "a.example,b.example"])
                == Self.settings(["--allowed-host", "a.example", "--allowed-host", "b.example"]))
        #expect(
            try Self.settings([], ["PINION_API_KEY": "sk-one,two-0123456789"])
                == Self.settings(["--api-key", "sk-one,two-0123456789"]))
    }

    @Test("The document of settings ends with what the table says")
    func document() throws {
        let path = "docs/reference/configuration.md"
        let text = try String(contentsOf: Snapshot.url(path), encoding: .utf8)
        let head = try #require(text.range(of: SettingsDocument.heading)).lowerBound
        try Snapshot.expect(text[..<head] + SettingsDocument.text, in: path)
        #expect(SettingsDocument.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
