import Foundation
import PinionCatalog

/// Writes command lines of this program that work when they are pasted into a shell.
enum Invocation {
    /// Characters, beside letters and digits, that no shell reads as anything but themselves.
    private static let plainPunctuation: Set<Character> = ["_", ".", "/", "-", "+", ",", ":", "@", "%", "="]

    /// The program as it was called: after `make serve` it is not on the path.
    static var program: String {
        quoted(CommandLine.arguments.first ?? "pinion")
    }

    /// A command that acts on a data directory, which is named unless it is the default one.
    ///
    /// `PINION_DATA_DIR` does not count as the default: another terminal need not have it.
    static func command(_ words: String, in directory: DataDirectory) -> String {
        var environment = ProcessInfo.processInfo.environment
        environment["PINION_DATA_DIR"] = nil
        let place =
            directory == DataDirectory(nil, environment: environment) ? "" : " --data-dir \(quoted(directory.path))"
        return "\(program) \(words)\(place)"
    }

    /// A word as a POSIX shell needs it.
    static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || plainPunctuation.contains($0) }
        return isPlain && !word.isEmpty ? word : "'\(word.replacingOccurrences(of: "'", with: #"'\''"#))'"
    }
}
