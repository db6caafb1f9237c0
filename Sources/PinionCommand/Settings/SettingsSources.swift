import ArgumentParser
import Foundation
import PinionEngine
import PinionLedger
import PinionTensor

/// Where settings come from: a flag, else its `PINION_*` variable, else the file.
struct SettingsSources {
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

    let flags: [Setting.Name: [String]]
    let environment: [String: String]
    let file: SettingsFile?

    func value(_ name: Setting.Name) -> Value? {
        let setting = Setting.of(name)
        if let texts = flags[name], !texts.isEmpty {
            return Value(texts: texts, place: setting.flag, isFlag: true)
        }
        if let text = environment[setting.variable], !text.isEmpty {
            let texts: [String]
            if case .list = setting.kind { texts = text.split(separator: ",").map(String.init) } else { texts = [text] }
            return Value(texts: texts, place: setting.variable, isFlag: false)
        }
        if let file, let texts = file.values[name], !texts.isEmpty {
            return Value(texts: texts, place: "'\(name.rawValue)' in \(file.path)", isFlag: false)
        }
        return nil
    }

    /// What to tell of `PINION_*` variables that name no setting: a slip of the pen would otherwise pass unseen.
    var strayVariables: [String] {
        let settings = Setting.table.map(\.variable) + ["PINION_CONFIG"]
        let strays = environment.keys.filter { name in
            name.hasPrefix("PINION_") && !settings.contains(name) && name != Kernels.environmentKey
                && name != FaultPoints.environmentKey
        }
        return strays.sorted().map { name in
            let meant = NearestName.of(name, among: settings).map { "did you mean \($0)?" }
            return "\(name) is no setting and is ignored; "
                + (meant ?? "`\(Invocation.program) serve --help` lists the settings")
        }
    }

    /// - Throws: For what is no number of the setting's range.
    func integer(_ name: Setting.Name) throws -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let range) = Setting.of(name).kind else { preconditionFailure("\(name) is no number") }
        guard let number = Int(value.text), range.contains(number) else {
            throw value.invalid("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The setting's word in the letters of its row.
    ///
    /// - Throws: For any other word.
    func word(_ name: Setting.Name) throws -> String? {
        guard let value = value(name) else { return nil }
        guard case .word(let words) = Setting.of(name).kind else { preconditionFailure("\(name) is no word") }
        let text = value.text.lowercased()
        guard words.contains(text) else { throw value.invalid("one of \(words.joined(separator: ", "))") }
        return text
    }

    /// Bytes.
    ///
    /// - Throws: For what is no size, or more than this machine's memory.
    func size(_ name: Setting.Name) throws -> Int? {
        guard let value = value(name) else { return nil }
        guard case .size(let least) = Setting.of(name).kind else { preconditionFailure("\(name) is no size") }
        guard let size = ByteSize(value.text) else { throw value.invalid("a size such as 512M or 4G") }
        guard size.bytes >= least else { throw value.invalid("a size with its unit, such as 512M or 4G") }
        guard size.bytes <= MachineLimits.memory else {
            throw value.invalid("at most the \(ByteSize.text(MachineLimits.memory)) of memory that this machine has")
        }
        return size.bytes
    }

    /// - Throws: For what has white space in it.
    func address(_ name: Setting.Name) throws -> String? {
        guard let value = value(name) else { return nil }
        guard !value.text.contains(where: \.isWhitespace) else { throw value.invalid("a host name or address") }
        return value.text
    }

    /// - Throws: For what is no name of the time zone database.
    func timeZone(_ name: Setting.Name) throws -> TimeZone? {
        guard let value = value(name) else { return nil }
        guard let zone = TimeZone(identifier: value.text) else {
            throw value.invalid(Setting.timeZoneWords)
        }
        return zone
    }

    /// - Throws: For what is no code of capital letters.
    func currency(_ name: Setting.Name) throws -> Currency? {
        guard let value = value(name) else { return nil }
        guard let currency = Currency(value.text) else {
            throw value.invalid(Setting.currencyWords)
        }
        return currency
    }

    func isOn(_ name: Setting.Name) throws -> Bool {
        guard let value = value(name) else { return false }
        switch value.text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw value.invalid("true or false")
        }
    }
}
