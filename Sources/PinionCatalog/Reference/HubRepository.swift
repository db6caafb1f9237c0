/// A model's repository on a hub, and what of it is wanted: `hf:OWNER/REPO`, `hf:OWNER/REPO:Q8_0`,
/// `ms:OWNER/REPO/sub/FILE.gguf`.
package struct HubRepository: Sendable, Equatable {
    package enum Hub: String, Sendable {
        case huggingFace = "hf"
        case modelScope = "ms"
    }

    package enum Selection: Sendable, Equatable {
        /// What ``FileChoice`` takes by itself.
        case automatic
        /// A quantisation as file names spell it, in letters of any case.
        case quantisation(String)
        /// A file, or the folder in which to choose.
        case path(String)
    }

    /// Characters of an owner and of a name; both hubs allow fewer.
    static let maximumNameLength = 96

    package let hub: Hub
    package let owner: String
    package let name: String
    package let selection: Selection

    /// Reads what follows the hub's prefix.
    ///
    /// - Throws: `invalidReference`.
    package init(_ hub: Hub, _ text: String) throws(CatalogError) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { throw Self.malformed(hub, text, "it has no '/'") }
        let owner = parts[0]
        var name = parts[1]
        var selection = Selection.automatic
        if parts.count == 3 {
            guard (try? StoredFileName(parts[2])) != nil else {
                throw Self.malformed(hub, text, "what follows the second '/' is no plain path")
            }
            selection = .path(parts[2])
        } else if let colon = name.firstIndex(of: ":") {
            let label = String(name[name.index(after: colon)...])
            name = String(name[..<colon])
            guard Self.isPlain(label) else {
                throw Self.malformed(hub, text, "what follows the ':' is no quantisation such as Q4_K_M")
            }
            selection = .quantisation(label)
        }
        for part in [owner, name] where !Self.isPlain(part) || part.hasPrefix(".") {
            throw Self.malformed(
                hub, text,
                "'\(part)' is not 1 to \(Self.maximumNameLength) letters, digits and ._- without a dot in front")
        }
        self.hub = hub
        self.owner = owner
        self.name = name
        self.selection = selection
    }

    /// `OWNER/REPO`, as the hub spells it.
    package var path: String { owner + "/" + name }

    /// The selection as a part of ids and of file names; empty for the automatic one.
    var variant: String {
        switch selection {
        case .automatic: ""
        case .quantisation(let label): label.lowercased()
        case .path(let path): ModelSource.idPart(path)
        }
    }

    /// What is the same for two spellings of one source: hubs know no case in owners and names, but in files.
    var identity: String {
        let place = "\(hub.rawValue):\(path.lowercased())"
        return switch selection {
        case .automatic: place
        case .quantisation(let label): "\(place):\(label.lowercased())"
        case .path(let file): "\(place)/\(file)"
        }
    }

    package var description: String {
        switch selection {
        case .automatic: "\(hub.rawValue):\(path)"
        case .quantisation(let label): "\(hub.rawValue):\(path):\(label)"
        case .path(let file): "\(hub.rawValue):\(path)/\(file)"
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...maximumNameLength).contains(text.utf8.count) && text.utf8.allSatisfy(ModelSource.isPlain)
    }

    private static func malformed(_ hub: Hub, _ text: String, _ reason: String) -> CatalogError {
        CatalogError(
            .invalidReference,
            "'\(hub.rawValue):\(text)' names no model of a hub: \(reason); expected \(hub.rawValue):OWNER/REPO, "
                + "\(hub.rawValue):OWNER/REPO:QUANT or \(hub.rawValue):OWNER/REPO/FILE")
    }
}
