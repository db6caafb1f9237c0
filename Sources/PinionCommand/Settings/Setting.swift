import ArgumentParser

/// A setting of `pinion serve`: everything that is said and checked of it anywhere comes from its row in ``table``.
///
///     let port = Setting.of(.port)
///     port.flag         // --port
///     port.variable     // PINION_PORT
///     port.name.rawValue  // port, in a settings file
package struct Setting: Sendable {
    /// What a settings file calls it; the flag and the variable are the same word.
    package enum Name: String, CaseIterable, Sendable {
        case model
        case alias
        case host
        case port
        case apiKey = "api-key"
        case adminKey = "admin-key"
        case noAuth = "no-auth"
        case context
        case maxSequences = "max-sequences"
        case maxWaiting = "max-waiting"
        case kvType = "kv-type"
        case quantize
        case chatTemplate = "chat-template"
        case toolFormat = "tool-format"
        case generationConfig = "generation-config"
        case threads
        case memory
        case offline
        case allowedHost = "allowed-host"
        case allowUnknownFields = "allow-unknown-fields"
        case reasoningField = "reasoning-field"
        case durability
        case timeZone = "time-zone"
        case currency
        case logLevel = "log-level"
        case dataDirectory = "data-dir"
    }

    /// Which values there are.
    package enum Kind: Sendable {
        /// A name or address, without white space.
        case address
        /// A name of some kind, in words such as "a time zone such as UTC".
        case name(String)
        case path
        /// Any number of texts; the variable divides them by commas.
        case list
        /// Any number of texts that are never shown; the variable holds one, in which a comma is a character.
        case secrets
        /// On or off; as a flag it has no value.
        case toggle
        case integer(ClosedRange<Int>)
        /// One of some words, in letters of any case.
        case word([String])
        /// Bytes, of which this number is the least.
        case size(atLeast: Int)
    }

    package let name: Name
    package let kind: Kind
    /// What the help calls the value.
    package let valueName: String
    /// What it does, in a sentence without its full stop.
    package let help: String
    /// The setting's value where no source sets it; nil for a toggle, which is off.
    package let fallback: String?

    init(_ name: Name, _ kind: Kind, value valueName: String = "", _ help: String, default fallback: String? = nil) {
        self.name = name
        self.kind = kind
        self.valueName = valueName
        self.help = help
        self.fallback = fallback
    }

    package var flag: String { "--" + name.rawValue }

    package var variable: String {
        "PINION_" + name.rawValue.uppercased().replacing("-", with: "_")
    }

    package static func of(_ name: Name) -> Setting {
        guard let setting = rows[name] else { preconditionFailure("the setting \(name) has no row") }
        return setting
    }

    private static let rows = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })
}

extension NameSpecification {
    static func setting(_ name: Setting.Name) -> NameSpecification { [.customLong(name.rawValue)] }
}

extension ArgumentHelp {
    static func setting(_ name: Setting.Name) -> ArgumentHelp {
        let setting = Setting.of(name)
        let fallback = setting.fallback.map { " (default: \($0))" } ?? ""
        return ArgumentHelp(
            "\(setting.help)\(fallback).", valueName: setting.valueName.isEmpty ? nil : setting.valueName)
    }
}
