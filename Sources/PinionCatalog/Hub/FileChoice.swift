/// Which of a repository's files make the model that was asked for.
///
/// A GGUF is preferred to a folder: it is smaller and complete. Of several quantisations the first of ``fallbacks`` is
/// taken. A shard's name stands for its split file: all its shards are chosen.
package struct FileChoice: Sendable, Equatable {
    /// Quantisations in the order in which one is taken when none is named: four bits, then more, then unrounded.
    static let fallbacks = [
        "Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q5_K_M", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K", "Q8_0", "BF16", "F16", "F32",
    ]

    /// The fallbacks as a sentence has them: `Q4_K_M, Q4_K_S, ... or F32`.
    package static var order: String {
        fallbacks.dropLast().joined(separator: ", ") + " or " + (fallbacks.last ?? "")
    }

    /// File names that a message lists.
    private static let maximumListed = 8

    /// What is opened: a GGUF's name, or a folder's; an empty text is the repository's top.
    package let entry: String
    /// What is known to be needed.
    package let files: [RemoteFile]
    /// The index that names the weights' files; nil where they are known already.
    package let index: RemoteFile?

    /// - Parameter source: The model's reference, for messages.
    /// - Throws: `unsuitable` or `notFound`, with what there is; `hostileName` for a name that is chosen and refused.
    package init(_ selection: HubRepository.Selection, from files: [RemoteFile], source: String) throws(CatalogError) {
        var folder = ""
        var files = files
        if case .path(let path) = selection {
            if files.contains(where: { $0.name == path }) {
                try self.init(naming: path, from: files, source: source)
                return
            }
            folder = path
            files = files.filter { $0.name.hasPrefix(path + "/") }
            guard !files.isEmpty else {
                throw CatalogError(.notFound, "\(source): the repository has no file or folder '\(path)'")
            }
        }
        let groups = Self.groups(of: files)
        if let group = try Self.group(selection, of: groups, source: source) {
            self.init(entry: group.files[0].name, files: group.files, index: nil)
        } else {
            try self.init(folder: folder, from: files, source: source)
        }
        for file in self.files { _ = try StoredFileName(file.name) }
    }

    private init(entry: String, files: [RemoteFile], index: RemoteFile?) {
        self.entry = entry
        self.files = files
        self.index = index
    }

    // MARK: - GGUF files

    /// A GGUF file, or the shards of one in order.
    struct Group: Equatable {
        /// The name without its ending and its shard's number, in lower case.
        let stem: String
        /// How many shards there should be.
        let count: Int
        var files: [RemoteFile]
    }

    private init(naming path: String, from files: [RemoteFile], source: String) throws(CatalogError) {
        _ = try StoredFileName(path)
        guard let group = Self.groups(of: files).first(where: { $0.files.contains { $0.name == path } }) else {
            throw CatalogError(.unsuitable, "\(source): '\(path)' is no GGUF model")
        }
        try Self.checkComplete(group, source)
        for file in group.files { _ = try StoredFileName(file.name) }
        self.init(entry: group.files[0].name, files: group.files, index: nil)
    }

    /// Model files only: projectors of images (`mmproj`) and importance matrices have the same ending.
    static func groups(of files: [RemoteFile]) -> [Group] {
        var groups: [Group] = []
        var places: [String: Int] = [:]
        for file in files.sorted(by: { $0.name < $1.name }) {
            let lower = file.name.lowercased()
            guard lower.hasSuffix(".gguf") else { continue }
            let last = lower.split(separator: "/").last ?? ""
            guard !last.contains("mmproj"), !last.contains("imatrix") else { continue }
            let whole = String(lower.dropLast(".gguf".count))
            let shard = ShardNumber(endOf: whole)
            let stem = shard.map { String(whole.dropLast($0.length)) } ?? whole
            let key = shard == nil ? whole : "\(stem) of \(shard?.count ?? 1)"
            if let place = places[key] {
                groups[place].files.append(file)
            } else {
                places[key] = groups.count
                groups.append(Group(stem: stem, count: shard?.count ?? 1, files: [file]))
            }
        }
        return groups
    }

    private static func group(
        _ selection: HubRepository.Selection, of groups: [Group], source: String
    ) throws(CatalogError) -> Group? {
        let found: [Group]
        if case .quantisation(let label) = selection {
            found = groups.filter { hasLabel($0.stem, label.lowercased()) }
            guard !found.isEmpty else {
                let there = groups.isEmpty ? "it has no GGUF file" : "it has \(listed(groups))"
                throw CatalogError(.notFound, "\(source): no GGUF file is named \(label); \(there)")
            }
        } else {
            guard !groups.isEmpty else { return nil }
            let best = fallbacks.lazy.map { label in groups.filter { hasLabel($0.stem, label.lowercased()) } }
            found = best.first { !$0.isEmpty } ?? groups
        }
        guard found.count == 1 else {
            throw CatalogError(
                .unsuitable,
                "\(source): several files could be meant, \(listed(found)); name a quantisation with :QUANT or a file "
                    + "with /FILE")
        }
        try checkComplete(found[0], source)
        return found[0]
    }

    private static func checkComplete(_ group: Group, _ source: String) throws(CatalogError) {
        let numbers = Set(group.files.map { ShardNumber(endOf: String($0.name.dropLast(".gguf".count)))?.number ?? 1 })
        guard numbers.count == group.count, group.files.count == group.count else {
            throw CatalogError(
                .unsuitable,
                "\(source): of the \(group.count) shards of \(FileWords.quoted(group.files[0].name)) the repository has "
                    + "\(group.files.count)")
        }
    }

    /// Whether a name has the label as a word of its own: `q4_k` is none of `model-q4_k_m`.
    static func hasLabel(_ stem: String, _ label: String) -> Bool {
        let name = Array(stem.utf8)
        let word = Array(label.utf8)
        guard !word.isEmpty, word.count <= name.count else { return false }
        // Underscores are inside of labels too: `0` and `k_m` are none of `model-q4_k_m` and `model_q8_0`.
        let isWhole = label.first?.isLetter == true && label.contains(where: \.isNumber)
        let before = isWhole ? "-._/" : "-./"
        return (0...name.count - word.count).contains { start in
            let end = start + word.count
            return name[start..<end].elementsEqual(word)
                && (start == 0 || before.utf8.contains(name[start - 1]))
                && (end == name.count || "-./".utf8.contains(name[end]))
        }
    }

    private static func listed(_ groups: [Group]) -> String {
        let names = groups.prefix(maximumListed).map { FileWords.quoted($0.files[0].name) }.joined(separator: ", ")
        return groups.count > maximumListed ? names + " and \(groups.count - maximumListed) more" : names
    }

    // MARK: - Folders

    private init(folder: String, from files: [RemoteFile], source: String) throws(CatalogError) {
        let needed = FolderFiles(of: files, in: folder)
        guard let weights = needed.weights, needed.hasConfiguration, needed.hasTokenizer else {
            throw CatalogError(
                .unsuitable, "\(source): nothing here can be served: expected a GGUF file, or \(needed.missing)")
        }
        switch weights {
        case .whole(let file): self.init(entry: folder, files: needed.texts + [file], index: nil)
        case .indexed(let index): self.init(entry: folder, files: needed.texts, index: index)
        }
    }
}

/// The end of a shard's name: `-00001-of-00003`.
struct ShardNumber: Equatable {
    private static let digits = 5

    let number: Int
    let count: Int
    /// Characters of the end.
    let length: Int

    init?(endOf stem: String) {
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false).suffix(3)
        guard parts.count == 3, stem.split(separator: "-", omittingEmptySubsequences: false).count > 3,
            let last = parts.last, let first = parts.first,
            parts.dropFirst().first == "of", last.count == Self.digits, first.count == Self.digits,
            let count = Int(last), let number = Int(first), count > 0, (1...count).contains(number)
        else { return nil }
        self.number = number
        self.count = count
        length = first.count + last.count + "--of-".count
    }
}
