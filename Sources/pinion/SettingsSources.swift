import ArgumentParser
import Foundation
import PinionTensor

/// Where settings come from: a flag, else its `PINION_*` variable, else the file.
struct SettingsSources {
    /// Every setting; a file may hold exactly these.
    enum Name: String, CaseIterable {
        case model
        case host
        case port
        case apiKey = "api-key"
        case noAuth = "no-auth"
        case context
        case maxSequences = "max-sequences"
        case maxWaiting = "max-waiting"
        case kvType = "kv-type"
        case threads
        case memory
        case dataDirectory = "data-dir"
        case allowedHost = "allowed-host"
        case allowUnknownFields = "allow-unknown-fields"
        case logLevel = "log-level"

        var variable: String {
            "PINION_" + rawValue.uppercased().replacingOccurrences(of: "-", with: "_")
        }
    }

    /// A value, and what to call its place when it is wrong.
    struct Value {
        let texts: [String]
        let place: String
        let isFlag: Bool

        /// The only text, or the last of several.
        var text: String { texts.last ?? "" }

        /// An error about this value. It is not repeated for a key, which is a secret.
        func invalid(_ expected: String, found: Bool = true) -> any Error {
            let message = "\(place): expected \(expected)" + (found ? ", found '\(text)'" : "")
            return isFlag ? ValidationError(message) : CommandFailure(message)
        }
    }

    let flags: [Name: [String]]
    let environment: [String: String]
    let file: SettingsFile?

    func value(_ name: Name) -> Value? {
        if let texts = flags[name], !texts.isEmpty {
            return Value(texts: texts, place: "--" + name.rawValue, isFlag: true)
        }
        if let text = environment[name.variable], !text.isEmpty {
            let isList = name == .model || name == .allowedHost
            let texts = isList ? text.split(separator: ",").map(String.init) : [text]
            return Value(texts: texts, place: name.variable, isFlag: false)
        }
        if let file, let texts = file.values[name], !texts.isEmpty {
            return Value(texts: texts, place: "'\(name.rawValue)' in \(file.path)", isFlag: false)
        }
        return nil
    }

    /// What to tell of `PINION_*` variables that name no setting: a slip of the pen would otherwise pass unseen.
    var strayVariables: [String] {
        let settings = Name.allCases.map(\.variable) + ["PINION_CONFIG"]
        let strays = environment.keys.filter { name in
            name.hasPrefix("PINION_") && !settings.contains(name) && name != Kernels.environmentKey
        }
        return strays.sorted().map { name in
            let meant = NearestName.of(name, among: settings).map { "did you mean \($0)?" }
            return "\(name) is no setting and is ignored; "
                + (meant ?? "`\(Invocation.program) serve --help` lists the settings")
        }
    }

    func integer(_ name: Name, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = Int(value.text), range.contains(number) else {
            throw value.invalid("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: Name) throws -> Bool {
        guard let value = value(name) else { return false }
        switch value.text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw value.invalid("true or false")
        }
    }
}

/// A JSON file of settings, spelled like the flags: `{"port": 8081, "model": ["a.gguf", "b.gguf"]}`.
struct SettingsFile {
    /// Bytes of a settings file.
    static let maximumSize = 1 << 20

    let path: String
    let values: [SettingsSources.Name: [String]]

    /// - Throws: ``CommandFailure`` naming the file and what is wrong in it.
    init(path: String) throws {
        let data = try FileContents.of(path, kind: "settings file", limit: Self.maximumSize)
        var values: [SettingsSources.Name: [String]] = [:]
        for (key, entry) in try Self.entries(data, path: path).sorted(by: { $0.key < $1.key }) {
            guard let name = SettingsSources.Name(rawValue: key) else {
                let known = SettingsSources.Name.allCases.map(\.rawValue)
                let advice = NearestName.of(key, among: known).map { "did you mean '\($0)'?" }
                throw CommandFailure(
                    "unknown setting '\(key)' in \(path); \(advice ?? "known are: " + known.joined(separator: ", "))")
            }
            // `null` is how a program writes a setting that it leaves out.
            values[name] = entry?.texts
        }
        self.path = path
        self.values = values
    }

    private static func entries(_ data: Data, path: String) throws -> [String: Entry?] {
        do {
            return try JSONDecoder().decode([String: Entry?].self, from: data)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
            throw CommandFailure("the settings file \(path) is not JSON: \(syntaxError(in: data))")
        } catch let error as DecodingError {
            guard let key = error.codingPath.first?.stringValue else {
                throw CommandFailure("the settings file \(path) is not a JSON object of settings")
            }
            throw CommandFailure(
                "'\(key)' in \(path): expected a string, a whole number, true, false, null or a list of strings")
        }
    }

    /// Where the text stops being JSON. The decoder does not tell, and the older parser does.
    private static func syntaxError(in data: Data) -> String {
        do {
            _ = try JSONSerialization.jsonObject(with: data)
            return "check its commas, quotes and braces"
        } catch {
            return (error as NSError).userInfo["NSDebugDescription"] as? String ?? error.localizedDescription
        }
    }

    /// A value of the file, as the text a flag would have.
    private struct Entry: Decodable {
        let texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                texts = [String(flag)]
            } else if let number = try? container.decode(Int.self) {
                texts = [String(number)]
            } else if let text = try? container.decode(String.self) {
                texts = [text]
            } else {
                texts = try container.decode([String].self)
            }
        }
    }
}

extension DecodingError {
    /// Where in the file the wrong value is.
    fileprivate var codingPath: [any CodingKey] {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.codingPath
        @unknown default: []
        }
    }
}
