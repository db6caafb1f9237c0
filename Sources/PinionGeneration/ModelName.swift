import Foundation
package import PinionModelFiles

/// `model_name/model_version`, as clients name a model.
package struct ModelName: Sendable, Equatable, CustomStringConvertible {
    private static let maximumPartLength = 64

    package let name: String
    package let version: String

    package var description: String { "\(name)/\(version)" }

    /// From a file's own words: its base name, then size and fine-tune; from the file's name where it has none.
    package init(_ naming: ModelNaming) {
        let parts = [naming.sizeLabel, naming.finetune, naming.version].compactMap { $0 }
        name = Self.sanitised(naming.base ?? naming.file, otherwise: "model")
        version = Self.sanitised(parts.joined(separator: "-"), otherwise: "default")
    }

    /// Lower case letters, digits, dots and dashes only: what can stand in a URL and a shell as it is.
    private static func sanitised(_ text: String, otherwise: String) -> String {
        var out = ""
        for scalar in text.lowercased().unicodeScalars.prefix(maximumPartLength) {
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            if isPlain || scalar == "." || scalar == "_" {
                out.unicodeScalars.append(scalar)
            } else if !out.hasSuffix("-") {
                out += "-"
            }
        }
        let trimmed = out.trimmingCharacters(in: CharacterSet(charactersIn: "-."))
        return trimmed.isEmpty ? otherwise : trimmed
    }
}
