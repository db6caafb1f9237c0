import Foundation

/// A JSON file of settings, spelled like the flags: `{"port": 8081, "model": ["first/model", "second/model"]}`.
struct SettingsFile {
    /// Bytes of a settings file.
    static let maximumSize = 1 << 20

    let path: String
    let values: [Setting.Name: [String]]

    /// - Throws: ``CommandFailure`` naming the file and what is wrong in it.
    init(path: String) throws {
        let data = try FileContents.of(path, kind: "settings file", limit: Self.maximumSize)
        var values: [Setting.Name: [String]] = [:]
        for (key, entry) in try Self.entries(data, path: path).sorted(by: { $0.key < $1.key }) {
            guard let name = Setting.Name(rawValue: key) else {
                let known = Setting.Name.allCases.map(\.rawValue)
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
